import { mkdir, stat, writeFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import { findKernelVersion } from '../kernel-version.ts';
import { makeLayer } from '../layer.ts';
import {
  dracutArgv,
  hasEntry,
  type InitramfsWork,
  mkinitramfsArgv,
  NO_DRACUT_CONFIG,
} from '../outputs/initramfs.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';

/** dracut's modules that a root on a plain partition does without: they cost megabytes and seconds. */
const OMIT = [
  ...['bivouac', 'network', 'network-legacy', 'network-manager', 'systemd-networkd', 'ifcfg', 'url-lib'],
  ...['livenet', 'dmsquash-live', 'dmsquash-live-autooverlay', 'nfs', 'nbd', 'iscsi', 'cifs', 'fcoe', 'nvmf'],
  ...['lvm', 'dm', 'dmraid', 'mdraid', 'multipath', 'crypt', 'plymouth', 'resume', 'i18n'],
].join(' ');

/** Says to systemd-repart, where the image has it, that the root takes what room the disk has. */
const REPART = '[Partition]\nType=root\nGrowFileSystem=yes\n';

/** Host keys are in no image, and no conffs bring them to a disk: they are made at the first boot, and kept. */
const HOST_KEYS =
  '[Service]\nExecStartPre=\nExecStartPre=/usr/bin/ssh-keygen -A\nExecStartPre=/usr/sbin/sshd -t\n';

/** What a root on a disk has besides the layers of the release. */
export function prepareDisk(
  { environment }: StepArgs['prepare-disk'],
  context: StepContext,
): Promise<StepResult> {
  return makeLayer(context, async (container) => {
    const { root } = container;
    const kernelVersion = await findKernelVersion(root);
    if (kernelVersion === undefined) {
      throw problem(context, 'its root has no kernel', 'Install a kernel, such as "linux-image-cloud-amd64"');
    }
    await put(root, NO_DRACUT_CONFIG.file, '');
    await mkdir(await pathInRoot(root, NO_DRACUT_CONFIG.folder), { recursive: true });
    await put(root, '/usr/lib/repart.d/50-root.conf', REPART);
    const target = `/boot/initrd.img-${kernelVersion}`;
    const argv = await initramfsArgv({ root, kernelVersion, target }, context);
    await container.run({ argv, environment, log: context.log, signal: context.signal });
    if (await hasEntry(root, '/usr/sbin', /^sshd$/)) {
      await put(root, '/usr/lib/systemd/system/ssh.service.d/50-host-keys.conf', HOST_KEYS);
    }
  });
}

async function initramfsArgv(work: InitramfsWork, context: StepContext) {
  if (await hasEntry(work.root, '/usr/bin', /^dracut$/)) {
    // Debian's systemd-repart.service runs in the initramfs only.
    const grows = await hasEntry(work.root, '/usr/bin', /^systemd-repart$/);
    return dracutArgv(work, [...(grows ? ['--add', 'systemd-repart'] : []), '--omit', OMIT]);
  }
  if (await hasEntry(work.root, '/usr/sbin', /^mkinitramfs$/)) return mkinitramfsArgv(work);
  const reason = 'its root has nothing that makes an initramfs';
  throw problem(context, reason, 'Install "dracut-core" or "initramfs-tools" in a script stage');
}

function problem({ step }: StepContext, reason: string, remedy: string): AppError {
  return new AppError('build-failed', `Cannot make a disk of image "${step.image}": ${reason}`, { remedy });
}

/** Write a file of ours unless the image has one of this path. */
async function put(root: string, path: string, text: string): Promise<void> {
  await mkdir(await pathInRoot(root, posix.dirname(path)), { recursive: true, mode: 0o755 });
  const file = await pathInRoot(root, path);
  if ((await stat(file).catch(() => undefined)) === undefined) await writeFile(file, text, { mode: 0o644 });
}
