import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { isOfThisMachine } from '../build/sources/oci-reference.ts';
import { AppError } from '../core/errors.ts';
import type { Argv, CommandOptions, CommandResult } from '../ports/command.ts';
import type { ContainerImageId, ForeignImage, PullOptions } from '../ports/container-engine.ts';
import type { StoragePaths } from './buildah-storage.ts';
import { parseContainerImageId } from './buildah-storage.ts';

/** The storage to pull into, and programs that know it. */
export interface PullTools {
  readonly paths: StoragePaths;
  readonly run: (argv: Argv, options?: CommandOptions) => Promise<CommandResult>;
  readonly buildah: (args: readonly string[]) => Promise<CommandResult>;
}

/** What may be pulled, by the machine's own policy (containers-policy.json(5)); where there is none, everything. */
const MACHINE_POLICY = '/etc/containers/policy.json';

/**
 * Bring an image of others into the storage. By skopeo: `buildah pull` makes a name of a layout's path, and fails where that has
 * capital letters.
 */
export async function pullImage(
  { reference, architecture }: ForeignImage,
  options: PullOptions,
  { paths, run, buildah }: PullTools,
): Promise<ContainerImageId> {
  const name = `localhost/bivouac-source:${createHash('sha256').update(reference).digest('hex')}`;
  const store = `overlay@${paths.root}+${paths.runRoot}:overlay.mountopt=metacopy=off`;
  const policy = (await isThere(MACHINE_POLICY)) ? MACHINE_POLICY : paths.policy;
  const platform = ['--override-os', 'linux', '--override-arch', architecture];
  const tls = isOfThisMachine(reference) ? ['--src-tls-verify=false'] : [];
  const copy = ['copy', '--quiet', ...tls, reference, `containers-storage:[${store}]${name}`];
  await run(['skopeo', '--policy', policy, ...platform, ...copy], options);
  const inspect = ['inspect', '--type', 'image', '--format'];
  const image = parseContainerImageId((await buildah([...inspect, '{{.FromImageID}}', name])).stdout);
  const found = (await buildah([...inspect, '{{.OCIv1.Architecture}}', image])).stdout.trim();
  if (found === architecture || found === '') return image;
  const reason = `it is for ${found}, wanted ${architecture}`;
  throw new AppError('build-failed', `Cannot use image "${reference}": ${reason}`);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
