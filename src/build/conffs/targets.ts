import type { Cpu } from '../../core/arch.ts';
import { published } from '../../core/catalogue.ts';
import { AppError } from '../../core/errors.ts';
import type { Host, HostName } from '../../core/host.ts';
import type { NetbootRelease, Release } from '../../core/release.ts';
import type { PlaybookWorld } from '../playbook-world.ts';
import { treeOf } from '../playbook-world.ts';
import type { BuildSite } from '../site.ts';
import type { ConffsRequest, HostResult, HostTarget } from './conffs.ts';

/** The hosts of a request: those to build for, and those that cannot be built for now. */
export interface Targets {
  readonly targets: readonly HostTarget[];
  readonly failed: readonly HostResult[];
}

/** Which hosts a request is for. */
export type HostSelection = Pick<ConffsRequest, 'image' | 'hosts' | 'branch' | 'signal' | 'log'>;

/** Names that the pattern selects: asked of Ansible, which takes seconds. `folder` is for files of it. */
export async function selectedNames(
  { hosts: pattern, branch, signal }: HostSelection,
  playbooks: PlaybookWorld,
  folder: string,
): Promise<readonly string[]> {
  const tree = treeOf(playbooks, branch);
  const inventory = await playbooks.hosts();
  return await playbooks.ansible.select(pattern, { tree, inventory, folder, signal });
}

/** Hosts of the image among the names, as they are now; an error when there are none. */
export function ownHosts(
  names: readonly string[],
  { image, hosts: pattern, log }: Pick<HostSelection, 'image' | 'hosts' | 'log'>,
  inventory: readonly Host[],
): readonly [Host, ...Host[]] {
  const known = new Map<string, Host>(inventory.map((host) => [host.name, host]));
  const hosts = names.flatMap((name) => known.get(name) ?? []);
  const [first, ...rest] = hosts.filter((host) => host.image === image);
  const strangers = names.filter((name) => !known.has(name));
  if (strangers.length > 0) log(`    not registered, left out: ${listed(strangers)}`);
  const others = hosts.filter((host) => host.image !== image);
  if (others.length > 0) log(`    of other images, left out: ${listed(others.map(({ name }) => name))}`);
  if (first !== undefined) return [first, ...rest];
  throw new AppError(
    'invalid-input',
    `Cannot build the files of hosts of "${image}": pattern "${pattern}" selects none`,
    {
      remedy: `Register a host with "image: ${image}" that it selects, change "conffs" in images/config.yml, or build with "--target rootfs"`,
    },
  );
}

/**
 * What each host's channel points to, where that is for the architecture. A host whose file names none may turn out to
 * be of any, so it has a layer for each.
 */
export async function targetsOf(
  hosts: readonly Host[],
  architecture: Cpu,
  { catalogue }: Pick<BuildSite, 'catalogue'>,
): Promise<Targets> {
  const current = await catalogue.current();
  const targets: HostTarget[] = [];
  const failed: HostResult[] = [];
  for (const host of hosts) {
    const entry = published(current, { ...host, architecture: host.architecture ?? architecture });
    if (entry !== undefined && isNetboot(entry.release)) {
      if (entry.release.architecture === architecture)
        targets.push({ host, named: { digest: entry.digest, release: entry.release } });
    } else {
      failed.push({ host: host.name, kind: 'failed', reason: whyNone(host) });
    }
  }
  return { targets, failed };
}

/** Hosts by the release that their layers are made for. */
export function byRelease(
  targets: readonly HostTarget[],
): readonly (readonly [HostTarget, ...HostTarget[]])[] {
  const groups = new Map<string, [HostTarget, ...HostTarget[]]>();
  for (const target of targets) {
    const group = groups.get(target.named.digest);
    if (group === undefined) groups.set(target.named.digest, [target]);
    else group.push(target);
  }
  return [...groups.values()];
}

function isNetboot(release: Release): release is NetbootRelease {
  return release.output === 'netboot';
}

function whyNone({ image, channel }: Host): string {
  return `channel "${channel}" of image "${image}" has no release that it can boot`;
}

function listed(names: readonly (HostName | string)[]): string {
  const shown = names.slice(0, 10).join(', ');
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown;
}
