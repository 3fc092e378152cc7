import type { Host } from '../core/host.ts';
import { MAX_LAYER_ENTRIES } from '../core/host-layer.ts';
import { subnetFor } from '../core/policy.ts';
import type { NamedRelease, NetbootRelease } from '../core/release.ts';
import type { HostLayerStore } from '../ports/host-layer-store.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import type { BootGrant } from '../ports/token-store.ts';
import { readTar } from '../wire/read-tar.ts';
import type { ConffsShelf } from './conffs-shelf.ts';
import { sha256 } from './grant.ts';
import { type Conffs, conffsArchive } from './host-config.ts';
import type { HttpWorld } from './http-world.ts';
import type { Identities } from './identity.ts';
import { resolveHost } from './resolve-host.ts';
import { isNetboot } from './select-release.ts';

/** A request under a good token, with all that its answer depends on. */
export interface HostTurn {
  readonly grant: BootGrant;
  readonly snapshot: Snapshot;
  readonly host: Host;
  /** The release that was granted. */
  readonly named: NamedRelease<NetbootRelease>;
}

/** The turn of a grant; undefined when the host or the release is gone since. */
export async function hostTurn(grant: BootGrant, world: HttpWorld): Promise<HostTurn | undefined> {
  const snapshot = await world.snapshots.current();
  const host = resolveHost(grant.mac, snapshot.inventory, snapshot.policy);
  // A MAC that went to another host in the middle of a boot: the token is that of the first one.
  if (host?.name !== grant.host) return undefined;
  const release = await world.catalogue.release(grant.release);
  if (release === undefined || !isNetboot(release)) return undefined;
  return { grant, snapshot, host, named: { digest: grant.release, release } };
}

/** Where conffs are rendered from and kept. */
export interface ConffsPress {
  readonly identities: Identities;
  readonly shelf: ConffsShelf;
  readonly layers: Pick<HostLayerStore, 'read'>;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The conffs of a turn, for the manifest to promise. */
export function promiseConffs(turn: HostTurn, press: ConffsPress): Promise<Conffs> {
  return press.shelf.promise(turn.grant, press.now, () => renderConffs(turn, press));
}

/** The conffs that the turn's manifest promised; undefined when an edit has made others of them. */
export function redeemConffs(turn: HostTurn, press: ConffsPress): Promise<Conffs | undefined> {
  return press.shelf.redeem(turn.grant, press.now, () => renderConffs(turn, press));
}

async function renderConffs(turn: HostTurn, { identities, layers }: ConffsPress): Promise<Conffs> {
  const { host, named, grant } = turn;
  const { policy, hostFiles } = turn.snapshot;
  const { domain, baseUrl } = subnetFor(policy, grant.address);
  const layer = turn.snapshot.hostLayers.index.find(host.name, named.digest);
  const bytes = conffsArchive({
    host,
    named,
    layer:
      layer === undefined ? [] : readTar(await layers.read(layer.archive), { entries: MAX_LAYER_ENTRIES }),
    limit: policy.conffsLimit,
    address: grant.address,
    domain,
    server: baseUrl,
    files: hostFiles.of(host.name),
    identity: await identities.of(host.name),
  });
  return { bytes, digest: sha256(bytes) };
}
