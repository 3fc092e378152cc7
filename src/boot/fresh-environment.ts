import { type Ipv4, type Mac, parseMac } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import type { Host } from '../core/host.ts';
import { subnetFor } from '../core/policy.ts';
import type { NetbootRelease } from '../core/release.ts';
import type { Clock } from '../ports/clock.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import type { TokenStore } from '../ports/token-store.ts';
import { printable } from '../wire/printable.ts';
import { beginBoot } from './begin-boot.ts';
import { type Facts, lesseeOf, subjectOf } from './facts.ts';
import { BootTokens, newToken } from './grant.ts';
import { type HttpAnswer, type HttpWorld, refused } from './http-world.ts';
import { resolveHost } from './resolve-host.ts';
import { bootEnvironment } from './script.ts';
import type { ScriptShelf } from './script-shelf.ts';
import { selectRelease } from './select-release.ts';

/** What giving out a boot token asks of the world. */
export interface EnvironmentWorld {
  readonly tokens: TokenStore;
  readonly recorder: BootRecorder;
  readonly facts: Facts;
  readonly clock: Clock;
  /** Told what went wrong where an answer was given all the same. */
  readonly onError: (error: unknown) => void;
}

/** Whose boot of which release it will be. */
export interface EnvironmentOf {
  readonly host: Host;
  readonly mac: Mac;
  readonly address: Ipv4;
  readonly digest: Digest;
  readonly release: NetbootRelease;
}

/** Begin a boot of the release: the text of its `boot.env`, with a new token. */
export async function newEnvironment(
  { host, mac, address, digest, release }: EnvironmentOf,
  { policy }: Pick<Snapshot, 'policy'>,
  world: EnvironmentWorld,
): Promise<string> {
  const fact = { kind: 'script', release: digest, image: release.image } as const;
  const boot = await beginBoot(subjectOf(mac, host), fact, world);
  const token = newToken();
  const expiresAt = world.clock.now() + policy.tokenLifetime * 1000;
  const grant = { host: host.name, mac, address, release: digest, boot, expiresAt };
  await new BootTokens(world).issue(token, grant);
  const base = subnetFor(policy, address).baseUrl;
  return bootEnvironment({ base, token, host: host.name, boot, release: digest });
}

/**
 * `boot.env` for the card with this MAC, to the holder of its lease: for a host that was not started by our script. Who asks
 * again within seconds gets the same.
 */
export async function freshEnvironment(
  macText: string,
  address: Ipv4 | undefined,
  { world, shelf }: { readonly world: HttpWorld; readonly shelf: ScriptShelf<string> },
): Promise<HttpAnswer> {
  const mac = parseMac(macText);
  if (mac === undefined) return refused('malformed', `"${printable(macText, 40)}" is no MAC address`);
  const snapshot = await world.snapshots.current();
  const host = resolveHost(mac, snapshot.inventory, snapshot.policy);
  if (host === undefined) return refused('unknown-host');
  const subject = subjectOf(mac, host);
  const now = world.clock.now();
  const lease = address === undefined ? undefined : world.leases.findByAddress(address);
  if (lease === undefined || lesseeOf(lease.address, world.leases, now) !== mac) {
    world.facts.note(subject, { kind: 'ignored', why: `boot.env asked for from ${address ?? 'elsewhere'}` });
    return refused('not-your-address');
  }
  const choice = selectRelease(host, snapshot, { cpu: world.facts.firmware.cpuOf(mac) });
  if (choice.kind === 'none') return refused('release-gone', choice.reason);
  const { named } = choice;
  const asked = { mac, lease, snapshot, release: named.digest };
  let text = shelf.find(asked, now);
  if (text === undefined) {
    text = newEnvironment({ host, mac, address: lease.address, ...named }, snapshot, world);
    shelf.keep(asked, now, text);
  }
  return { kind: 'text', name: 'boot.env', text: await text, subject };
}
