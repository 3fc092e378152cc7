import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { Argv } from '../../ports/command.ts';
import type { ContainerImageId } from '../../ports/container-engine.ts';
import type { TrustedKey } from '../../ports/signer.ts';
import { parentOf, withContainer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Where dracut writes in the container, which is discarded afterwards. */
const OUTPUT = '/run/bivouac-initramfs.img';

/** Where the dracut module takes the public keys from, and where the initramfs has them. */
const KEYS = '/etc/bivouac/keys';

/** A generic initramfs; which modules go in is said by the image's own `/etc/dracut.conf.d`. */
export function dracutArgv(kernelVersion: string): Argv {
  return ['dracut', '--force', '--no-hostonly', '--reproducible', '--kver', kernelVersion, OUTPUT];
}

/** Kernel and initramfs of the image: both from the one root that holds the modules, so that they always fit. */
export async function makeInitramfs(
  args: StepArgs['make-initramfs'],
  context: StepContext,
): Promise<StepResult> {
  const parent = parentOf(context);
  return await withContainer(context, async (container) => {
    const kernelVersion = await kernelVersionOf(container.root, context);
    const { log, signal } = context;
    await mkdir(await pathInRoot(container.root, '/run'), { recursive: true });
    await layKeys(container.root, args.keys);
    await container.run({ argv: dracutArgv(kernelVersion), environment: args.environment, log, signal });
    return await takeBoth({ root: container.root, kernelVersion, parent, keys: args.keys }, context);
  });
}

/** The keys that the module packs, and no others that a stage may have left. */
async function layKeys(root: string, keys: readonly TrustedKey[]): Promise<void> {
  const folder = await pathInRoot(root, KEYS);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const { keyId, pem } of keys) await writeFile(join(folder, `${keyId}.pem`), pem);
}

async function takeBoth(
  from: {
    readonly root: string;
    readonly kernelVersion: string;
    readonly parent: ContainerImageId;
    readonly keys: readonly TrustedKey[];
  },
  { artefacts, workFolder }: StepContext,
): Promise<StepResult> {
  const [kernel, initramfs] = [join(workFolder, 'kernel'), join(workFolder, 'initramfs')];
  await copyFile(await pathInRoot(from.root, `/boot/vmlinuz-${from.kernelVersion}`), kernel);
  await copyFile(await pathInRoot(from.root, OUTPUT), initramfs);
  return {
    kind: 'initramfs',
    parent: from.parent,
    kernelVersion: from.kernelVersion,
    kernel: await artefacts.adopt(kernel),
    initramfs: await artefacts.adopt(initramfs),
    ...(from.keys.length === 0 ? {} : { keys: from.keys.map(({ keyId }) => keyId) }),
  };
}

/** The one version whose modules and kernel the root holds. */
async function kernelVersionOf(root: string, { step }: StepContext): Promise<string> {
  const versions = await readdir(await pathInRoot(root, '/lib/modules')).catch(() => []);
  const [version, another] = versions;
  const problem = (reason: string, remedy: string): AppError =>
    new AppError('build-failed', `Cannot make the initramfs of image "${step.image}": ${reason}`, { remedy });
  if (version === undefined) {
    throw problem(
      'its root has no kernel modules',
      'Install the package "$BIVOUAC_KERNEL" in a script stage',
    );
  }
  if (another !== undefined) {
    throw problem(`its root has ${versions.length} kernels: ${versions.join(', ')}`, 'Remove all but one');
  }
  const kernel = await pathInRoot(root, `/boot/vmlinuz-${version}`);
  if (
    await stat(kernel).then(
      (info) => info.isFile(),
      () => false,
    )
  )
    return version;
  throw problem(
    `its root has modules of ${version} but no "/boot/vmlinuz-${version}"`,
    'Install the kernel itself',
  );
}
