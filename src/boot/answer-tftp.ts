import { type Ipv4, type Mac, macWithDashes } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import { publishedNbps } from '../core/catalogue.ts';
import { isInForce } from '../core/lease.ts';
import { subnetFor } from '../core/policy.ts';
import type { ReleaseFile } from '../core/release.ts';
import type { ArtefactStore } from '../ports/artefact-store.ts';
import type { Snapshot, SnapshotSource } from '../ports/snapshot.ts';
import { printable } from '../wire/printable.ts';
import { lesseeOf, subjectOf } from './facts.ts';
import type { LeaseView } from './known-leases.ts';
import { envArchive, knownRelease, type Lessee, type LoaderWorld, loaderConfig } from './loader-config.ts';
import { resolveHost } from './resolve-host.ts';
import { type ConfigOf, type Loader, readTftpName } from './tftp-names.ts';

/** What the TFTP side of a boot asks of the world. */
export interface TftpWorld extends LoaderWorld {
  readonly snapshots: SnapshotSource;
  readonly artefacts: Pick<ArtefactStore, 'open'>;
  readonly leases: LeaseView;
}

/** Who asks for what. */
export interface TftpAsk {
  readonly client: Ipv4;
  /** Name as the client spelt it. */
  readonly file: string;
}

/** The file asked for, or that there is none. `name` is the file's as we spell it, without secrets. */
export type TftpAnswer =
  /** Made for this client. */
  | { readonly kind: 'bytes'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly kind: 'artefact'; readonly name: string; readonly digest: Digest; readonly size: number }
  /** `isProbe`: clients look for this file beside an NBP and do well without it. */
  | { readonly kind: 'not-found'; readonly isProbe: boolean };

/** One transfer that has ended. */
export interface ServedFile {
  readonly client: Ipv4;
  readonly name: string;
  readonly bytes: number;
  readonly seconds: number;
  readonly complete: boolean;
}

/** Find a file by its name: an NBP, or one made for the host that asks. */
export async function answerTftp({ client, file }: TftpAsk, world: TftpWorld): Promise<TftpAnswer> {
  const snapshot = await world.snapshots.current();
  const name = readTftpName(file);
  switch (name.kind) {
    case 'nbp': {
      const found = findNbp(name.names, publishedNbps(snapshot.catalogue));
      return found === undefined ? missing(name.isProbe) : { ...found, kind: 'artefact' };
    }
    case 'autoexec': {
      const script = autoexec(lesseeAt(client, world), snapshot);
      return script === undefined ? missing(true) : made('autoexec.ipxe', script);
    }
    case 'config':
      return answerConfig({ ...name, client }, { snapshot, world });
    case 'release':
      return releasePart(name, { snapshot, world });
    case 'env': {
      const lessee = lesseeAt(client, world);
      const bytes = lessee && (await envArchive(name.digest, lessee, { snapshot, world }));
      return bytes === undefined ? missing(false) : { kind: 'bytes', name: 'boot.env', bytes };
    }
  }
}

/** Octets of an artefact, fewer at its end. Rejects when they cannot be read. */
export async function readForTftp(
  part: ArtefactPart,
  world: Pick<TftpWorld, 'artefacts'>,
): Promise<Uint8Array> {
  const artefact = await world.artefacts.open(part.digest);
  try {
    const bytes = new Uint8Array(Math.max(0, Math.min(part.length, artefact.size - part.position)));
    const read = await artefact.read(bytes, part.position);
    return read === bytes.length ? bytes : bytes.slice(0, read);
  } finally {
    await artefact.close();
  }
}

/** Some octets of an artefact. */
export interface ArtefactPart {
  readonly digest: Digest;
  readonly position: number;
  readonly length: number;
}

/** Put a transfer into the record of the boot that the client's address belongs to. */
export async function noteServed(served: ServedFile, world: TftpWorld): Promise<void> {
  const mac = lesseeOf(served.client, world.leases, world.clock.now());
  if (mac === undefined) return;
  const { inventory, policy } = await world.snapshots.current();
  const { name, bytes, seconds, complete } = served;
  world.facts.note(subjectOf(mac, resolveHost(mac, inventory, policy)), {
    kind: 'served',
    by: 'tftp',
    name: printable(name),
    bytes,
    seconds,
    complete,
  });
}

interface ConfigAsk {
  readonly loader: Loader;
  readonly of: ConfigOf;
  readonly client: Ipv4;
}

/** A configuration goes to the address that leases the card it is for, and to no other. */
async function answerConfig(
  { loader, of, client }: ConfigAsk,
  { snapshot, world }: Ground,
): Promise<TftpAnswer> {
  const lessee = lesseeAt(client, world);
  if (lessee === undefined || !isMeant(of, lessee)) {
    if (of.kind === 'mac') noteIntruder(of.mac, client, { snapshot, world });
    return missing(true);
  }
  const text = await loaderConfig(loader, lessee, { snapshot, world });
  return text === undefined ? missing(true) : made(`${loader} configuration`, text);
}

/** What an answer depends on. */
interface Ground {
  readonly snapshot: Snapshot;
  readonly world: TftpWorld;
}

/** Somebody wanted to boot as this host. */
function noteIntruder(mac: Mac, client: Ipv4, { snapshot, world }: Ground): void {
  const host = resolveHost(mac, snapshot.inventory, snapshot.policy);
  if (host === undefined) return;
  const why = `boot loader configuration asked for from ${client}`;
  world.facts.note(subjectOf(mac, host), { kind: 'ignored', why });
}

function isMeant(of: ConfigOf, { mac, address }: Lessee): boolean {
  switch (of.kind) {
    case 'mac':
      return of.mac === mac;
    case 'address':
      return of.address === address;
    case 'client':
      return true;
  }
}

function lesseeAt(address: Ipv4, { leases, clock }: TftpWorld): Lessee | undefined {
  const lease = leases.findByAddress(address);
  if (lease === undefined || !isInForce(lease, clock.now())) return undefined;
  return { mac: lease.mac, address, lease };
}

/**
 * iPXE runs this instead of its own sequence, which it goes on with when the script cannot be had. Undefined for an address
 * that no host of ours leases.
 */
function autoexec(lessee: Lessee | undefined, { inventory, policy }: Snapshot): string | undefined {
  if (lessee === undefined || resolveHost(lessee.mac, inventory, policy) === undefined) return undefined;
  const { mac, address } = lessee;
  const { baseUrl } = subnetFor(policy, address);
  return `#!ipxe\ndhcp && chain --replace ${baseUrl}/boot/script/${macWithDashes(mac)} ||\nautoboot\n`;
}

async function releasePart(
  { digest, part }: { readonly digest: Digest; readonly part: 'kernel' | 'initramfs' },
  { snapshot, world }: Ground,
): Promise<TftpAnswer> {
  const release = await knownRelease(digest, snapshot.catalogue, world);
  if (release === undefined) return missing(false);
  return { kind: 'artefact', name: `${part} of ${release.image}`, ...release[part] };
}

function findNbp(names: readonly string[], files: readonly ReleaseFile[]): ReleaseFile | undefined {
  for (const name of names) {
    const found =
      files.find((each) => each.name === name) ?? files.find((each) => each.name.toLowerCase() === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function made(name: string, text: string): TftpAnswer {
  return { kind: 'bytes', name, bytes: Buffer.from(text) };
}

function missing(isProbe: boolean): Extract<TftpAnswer, { kind: 'not-found' }> {
  return { kind: 'not-found', isProbe };
}
