import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { Argv } from '../../ports/command.ts';
import type { WorkingContainer } from '../../ports/container-engine.ts';
import type { TrustedKey } from '../../ports/signer.ts';
import {
  findInitramfs,
  groundId,
  type InitramfsGround,
  KEYS,
  type MadeInitramfs,
  sourcesOf,
} from '../initramfs-cache.ts';
import { parentOf, withContainer } from '../layer.ts';
import { plainKernel } from '../plain-kernel.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** Where dracut writes in the container, which is discarded afterwards. */
const OUTPUT = '/run/bivouac-initramfs.img';

/** Where dracut collects the files; the folder in it has a name of its own. */
const COLLECTED = '/run/bivouac-dracut';

/** A generic initramfs; which modules go in is said by the image's own `/etc/dracut.conf.d`. */
export function dracutArgv(kernelVersion: string): Argv {
  const options = ['--force', '--no-hostonly', '--reproducible', '--keep', '--tmpdir', COLLECTED];
  return ['dracut', ...options, '--kver', kernelVersion, OUTPUT];
}

/**
 * Kernel and initramfs of the image: both from the one root that holds the modules, so that they always fit. Roots that
 * hold the same of what dracut reads share one.
 */
export async function makeInitramfs(
  args: StepArgs['make-initramfs'],
  context: StepContext,
): Promise<StepResult> {
  const parent = parentOf(context);
  return await withContainer(context, async (container) => {
    const { root } = container;
    const ground = { root, kernelVersion: await kernelVersionOf(root, context), args };
    const id = await groundId(ground);
    const shared = await findInitramfs(id, root, context);
    if (shared !== undefined) {
      context.log('the same as one made before from the same kernel, modules and programs');
      return { ...shared, parent };
    }
    const made = { ...(await pack(ground, container, context)), parent };
    await context.cache.put(id, made);
    return made;
  });
}

async function pack(
  ground: InitramfsGround,
  container: WorkingContainer,
  context: StepContext,
): Promise<Omit<MadeInitramfs, 'parent'>> {
  const { root, kernelVersion, args } = ground;
  const { log, signal, artefacts, workFolder } = context;
  await mkdir(await pathInRoot(root, COLLECTED), { recursive: true });
  await layKeys(root, args.keys);
  await container.run({ argv: dracutArgv(kernelVersion), environment: args.environment, log, signal });
  const sources = await sourcesOf(await collectedIn(root), ground);
  const [kernel, initramfs] = [join(workFolder, 'kernel'), join(workFolder, 'initramfs')];
  const packed = await readFile(await pathInRoot(root, `/boot/vmlinuz-${kernelVersion}`));
  await writeFile(kernel, plainKernel(packed, args.architecture));
  await copyFile(await pathInRoot(root, OUTPUT), initramfs);
  return {
    kind: 'initramfs',
    kernelVersion,
    kernel: await artefacts.adopt(kernel),
    initramfs: await artefacts.adopt(initramfs),
    ...(args.keys.length === 0 ? {} : { keys: args.keys.map(({ keyId }) => keyId) }),
    sources,
  };
}

/** The one folder that dracut has left: `dracut.XXXXXX/initramfs`. */
async function collectedIn(root: string): Promise<string> {
  const folder = await pathInRoot(root, COLLECTED);
  const [name] = (await readdir(folder)).filter((each) => each.startsWith('dracut.'));
  return join(folder, name ?? '', 'initramfs');
}

/** The keys that the module packs, and no others that a stage may have left. */
async function layKeys(root: string, keys: readonly TrustedKey[]): Promise<void> {
  const folder = await pathInRoot(root, KEYS);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const { keyId, pem } of keys) await writeFile(join(folder, `${keyId}.pem`), pem);
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
      'Install the package "$BIVOUAC_KERNEL" in a stage of that image, or give "kernel" to the one whose stages do',
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
