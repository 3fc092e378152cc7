import { type Ipv4, type Mac, macWithDashes } from '../core/address.ts';
import { type Digest, digestHex } from '../core/artefact.ts';
import type { Catalogue } from '../core/catalogue.ts';
import { messageOf } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { Lease } from '../core/lease.ts';
import { subnetFor } from '../core/policy.ts';
import type { NamedRelease, NetbootRelease } from '../core/release.ts';
import type { CatalogueStore } from '../ports/catalogue-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import type { Snapshot } from '../ports/snapshot.ts';
import type { TokenStore } from '../ports/token-store.ts';
import { packCpio } from '../wire/cpio.ts';
import { printable } from '../wire/printable.ts';
import { kernelCommandLine } from './cmdline.ts';
import { type Facts, subjectOf } from './facts.ts';
import { newEnvironment } from './fresh-environment.ts';
import { resolveHost } from './resolve-host.ts';
import { artefactUrl, ipxeText } from './script.ts';
import type { ScriptShelf } from './script-shelf.ts';
import { isNetboot, selectRelease } from './select-release.ts';
import { renderTemplate, type TemplateText } from './template.ts';
import type { Loader } from './tftp-names.ts';

/** What making a loader's configuration asks of the world. */
export interface LoaderWorld {
  readonly tokens: TokenStore;
  readonly catalogue: Pick<CatalogueStore, 'release'>;
  readonly recorder: BootRecorder;
  readonly facts: Facts;
  readonly clock: Clock;
  /** The template of a loader's configuration; undefined when the site has none. */
  readonly loaderTemplate: (loader: Loader) => Promise<TemplateText | undefined>;
  /** Archives that were given seconds ago: a request by UDP can be forged, and each new one would be a token and a record. */
  readonly envs: ScriptShelf<Uint8Array>;
  /** Told what went wrong where an answer was given all the same. */
  readonly onError: (error: unknown) => void;
}

/** Who boots: the card, the address that it leases, and the lease itself. */
export interface Lessee {
  readonly mac: Mac;
  readonly address: Ipv4;
  readonly lease: Lease;
}

const LIMITS = { output: 64 * 1024, steps: 10_000 };
/** Where the initramfs looks for it. */
const ENV_PATH = 'etc/bivouac/boot.env';

/**
 * The configuration with which GRUB or PXELINUX boots the lessee's host: what the iPXE script does, in the loader's words.
 * Undefined when the host is not ours to boot. A host that has nothing to boot gets a configuration that says why.
 */
export async function loaderConfig(
  loader: Loader,
  { mac, address }: Lessee,
  { snapshot, world }: { readonly snapshot: Snapshot; readonly world: LoaderWorld },
): Promise<string | undefined> {
  const { inventory, policy } = snapshot;
  const host = resolveHost(mac, inventory, policy);
  const template = await world.loaderTemplate(loader);
  if (host === undefined || template === undefined) return undefined;
  const subject = subjectOf(mac, host);
  const base = subnetFor(policy, address).baseUrl;
  const refuse = (reason: string): string => {
    world.facts.note(subject, { kind: 'ignored', why: printable(reason, 500) });
    return renderTemplate(template, { ...NOTHING, reason: ipxeText(reason).replace(/["']/g, '') }, LIMITS);
  };
  const choice = selectRelease(host, snapshot, { cpu: world.facts.firmware.cpuOf(mac) });
  if (choice.kind === 'none') return refuse(choice.reason);
  try {
    return renderTemplate(template, variablesOf({ host, mac, named: choice.named, base, snapshot }), LIMITS);
  } catch (error) {
    world.onError(error);
    return refuse(messageOf(error));
  }
}

/**
 * The archive that brings `boot.env` into the initramfs, with a token for a boot of this release: a new one, or under the same lease
 * that of some seconds ago. Undefined when the release is none of the image that the lessee's host boots.
 */
export async function envArchive(
  digest: Digest,
  lessee: Lessee,
  ground: { readonly snapshot: Snapshot; readonly world: LoaderWorld },
): Promise<Uint8Array | undefined> {
  const { snapshot, world } = ground;
  const { mac, lease } = lessee;
  const host = resolveHost(mac, snapshot.inventory, snapshot.policy);
  const release = await knownRelease(digest, snapshot.catalogue, world);
  if (host === undefined || release?.image !== host.image) return undefined;
  const asked = { mac, lease, snapshot, release: digest };
  const now = world.clock.now();
  const known = world.envs.find(asked, now);
  if (known !== undefined) return known;
  const made = makeEnv({ host, release, digest }, lessee, ground);
  world.envs.keep(asked, now, made);
  return made;
}

async function makeEnv(
  {
    host,
    release,
    digest,
  }: { readonly host: Host; readonly release: NetbootRelease; readonly digest: Digest },
  { mac, address }: Lessee,
  { snapshot, world }: { readonly snapshot: Snapshot; readonly world: LoaderWorld },
): Promise<Uint8Array> {
  const text = await newEnvironment({ host, mac, address, digest, release }, snapshot, world);
  return packCpio([{ path: ENV_PATH, mode: 0o400, content: Buffer.from(text) }]);
}

/** A release that can be booted, wherever channels point: they may move on between a loader's configuration and its kernel. */
export async function knownRelease(
  digest: Digest,
  { publications }: Catalogue,
  { catalogue }: Pick<LoaderWorld, 'catalogue'>,
): Promise<NetbootRelease | undefined> {
  const current = publications.find((entry) => entry.digest === digest)?.release;
  const release = current ?? (await catalogue.release(digest));
  return release !== undefined && isNetboot(release) ? release : undefined;
}

interface ConfigParts {
  readonly host: Host;
  readonly mac: Mac;
  readonly named: NamedRelease<NetbootRelease>;
  readonly base: string;
  readonly snapshot: Snapshot;
}

const NOTHING = {
  host: '',
  image: '',
  release: '',
  kernel: '',
  initramfs: '',
  kernelPath: '',
  initramfsPath: '',
  env: '',
  server: '',
  cmdline: '',
  arguments: [],
  macDashes: '',
  onFailure: '',
  reason: '',
};

function variablesOf({ host, mac, named, base, snapshot }: ConfigParts) {
  const { digest, release } = named;
  const { onFailure } = snapshot.policy;
  const cmdline = kernelCommandLine({ release, host: host.cmdline, mac, onFailure });
  const folder = `release/${digestHex(digest)}`;
  return {
    ...NOTHING,
    host: host.name,
    image: host.image,
    release: digest,
    // Names for TFTP; the paths are for loaders that speak HTTP to `server`.
    kernel: `${folder}/kernel`,
    initramfs: `${folder}/initramfs`,
    kernelPath: artefactUrl('', release.kernel.digest),
    initramfsPath: artefactUrl('', release.initramfs.digest),
    env: `env/${digestHex(digest)}.cpio`,
    // GRUB's device of HTTP takes a host without a port.
    server: /^http:\/\/([0-9.]+)$/.exec(base)?.[1] ?? '',
    cmdline,
    arguments: cmdline.split(' '),
    macDashes: macWithDashes(mac),
    onFailure,
  };
}
