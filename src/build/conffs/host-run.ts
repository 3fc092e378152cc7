import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cpu } from '../../core/arch.ts';
import { messageOf } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import type { Secret } from '../../core/secret.ts';
import type { PlaybookHost, PlaybookOutcome, PlaybookTree } from '../../ports/playbooks.ts';
import type { Ground, Room } from '../../ports/rooms.ts';
import { stageEnvironment } from '../environment.ts';
import { SecretNeedles } from '../secret-scan.ts';
import { IDLE_LIMIT, withGuards } from '../stage/container.ts';
import type { BuildWorld } from '../step-context.ts';
import type { ConffsRequest } from './conffs.ts';
import { lowerRoot } from './lower-root.ts';
import { type PackedLayer, packUpper } from './pack-upper.ts';
import { refuseSecrets } from './refuse-secrets.ts';

/** One playbook of the chain, pinned. */
export interface ChainLink {
  readonly stage: string;
  readonly playbook: string;
  readonly tree: PlaybookTree;
}

/** A run for some hosts above one ground. */
export interface HostRunOptions {
  readonly request: ConffsRequest;
  readonly chain: readonly ChainLink[];
  readonly world: BuildWorld;
  readonly ground: Ground;
  readonly inventory: readonly Host[];
  readonly limit: number;
  readonly architecture: Cpu;
  /** What the playbooks see; in no layer. */
  readonly secrets: readonly Secret[];
  /** An empty folder, closed to others: it holds what only these hosts may know. */
  readonly folder: string;
}

/** The layer of each host, or why it has none. */
export type HostRunResult =
  | { readonly host: Host; readonly layer: PackedLayer }
  | { readonly host: Host; readonly reason: string };

interface Furnished {
  readonly host: Host;
  readonly room: Room;
  readonly folder: string;
}

/**
 * Run every playbook of the chain once for all hosts that have not failed yet, then pack what changed for each.
 * INVARIANT: what happens to one host is no other's fault: each has its own room, and its own result.
 */
export async function runForHosts(
  hosts: readonly Host[],
  given: HostRunOptions,
): Promise<readonly HostRunResult[]> {
  const needles = new SecretNeedles(given.secrets);
  const log = (line: string): void => given.request.log(needles.redact(line));
  const options = { ...given, request: { ...given.request, log } };
  const failed = new Map<Host, string>();
  const furnished: Furnished[] = [];
  try {
    for (const host of hosts) {
      await attempt(host, failed, async () => furnished.push(await furnish(host, options)));
    }
    await runChain(furnished, failed, options);
  } finally {
    await Promise.all(furnished.map(({ room }) => room.close()));
  }
  const results: HostRunResult[] = hosts.flatMap((host) => {
    const reason = failed.get(host);
    return reason === undefined ? [] : [{ host, reason: needles.redact(reason) }];
  });
  for (const place of furnished) {
    if (!failed.has(place.host)) results.push(await packed(place, options));
  }
  return results;
}

async function furnish(host: Host, { ground, folder, request, secrets }: HostRunOptions): Promise<Furnished> {
  const own = join(folder, host.name);
  await mkdir(own, { mode: 0o700 });
  const room = await ground.room(own, { hostName: host.name, signal: request.signal, secrets });
  return { host, room, folder: own };
}

async function runChain(
  furnished: readonly Furnished[],
  failed: Map<Host, string>,
  options: HostRunOptions,
): Promise<void> {
  const { chain, request } = options;
  for (const [index, link] of chain.entries()) {
    const left = furnished.filter(({ host }) => !failed.has(host));
    const [first, ...rest] = left;
    if (first === undefined) return;
    const commit = link.tree.commit === undefined ? '' : ` at ${link.tree.commit.slice(0, 12)}`;
    request.log(
      `[${index + 1}/${chain.length}] ${request.image}: ${link.stage}${commit} for ${left.length} ${left.length === 1 ? 'host' : 'hosts'} …`,
    );
    for (const outcome of await outcomesOf(link, [first, ...rest], options)) {
      const place = left.find(({ host }) => host.name === outcome.host);
      if (outcome.kind === 'failed' && place !== undefined)
        failed.set(place.host, `stage "${link.stage}": ${outcome.reason}`);
      if (outcome.kind === 'untouched') request.log(`    no play of "${link.stage}" is for ${outcome.host}`);
    }
  }
}

/** A run that fails as a whole fails for its hosts; one that is stopped stops the build. */
async function outcomesOf(
  link: ChainLink,
  places: readonly [Furnished, ...Furnished[]],
  { request, world, inventory, folder, architecture }: HostRunOptions,
): Promise<readonly PlaybookOutcome[]> {
  const environment = {
    ...(await world.mirror.proxy()),
    ...stageEnvironment({ name: request.image, architecture }, link.stage),
  };
  const hosts = places.map(playbookHost);
  const [first, ...rest] = hosts;
  if (first === undefined) return [];
  const run = { ...link, hosts: [first, ...rest] as const, inventory, environment, inConffsBuild: true };
  const { log, signal } = request;
  try {
    return await withAllGuards(places, () =>
      world.playbooks.ansible.run({
        ...run,
        folder: join(folder, '.ansible'),
        log: (line) => log(`    ${line}`),
        signal,
        idleLimit: request.idleLimit ?? IDLE_LIMIT,
      }),
    );
  } catch (error) {
    signal.throwIfAborted();
    return hosts.map(({ name }) => ({ host: name, kind: 'failed', reason: messageOf(error) }));
  }
}

function playbookHost({ host, room }: Furnished): PlaybookHost {
  return { name: host.name, room };
}

function withAllGuards<T>([place, ...rest]: readonly Furnished[], work: () => Promise<T>): Promise<T> {
  if (place === undefined) return work();
  const root = join('/proc', String(place.room.pid), 'root', place.room.root);
  return withGuards(root, () => withAllGuards(rest, work));
}

async function packed({ host, folder }: Furnished, options: HostRunOptions): Promise<HostRunResult> {
  const { ground, limit, world, request, secrets } = options;
  const temporary = `${folder}.tar`;
  try {
    const layer = await packUpper({
      upper: join(folder, 'upper'),
      lower: lowerRoot(ground.base),
      limit,
      temporary,
      commands: world.commands,
      signal: request.signal,
    });
    if (secrets.length > 0) refuseSecrets(layer, new SecretNeedles(secrets));
    return { host, layer };
  } catch (error) {
    request.signal.throwIfAborted();
    return { host, reason: messageOf(error) };
  } finally {
    await rm(temporary, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}

async function attempt(host: Host, failed: Map<Host, string>, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    failed.set(host, messageOf(error));
  }
}
