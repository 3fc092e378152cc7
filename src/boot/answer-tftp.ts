import type { Ipv4 } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import { publishedNbps } from '../core/catalogue.ts';
import type { ReleaseFile } from '../core/release.ts';
import type { ArtefactStore } from '../ports/artefact-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { SnapshotSource } from '../ports/snapshot.ts';
import { printable } from '../wire/printable.ts';
import { type Facts, lesseeOf, subjectOf } from './facts.ts';
import { resolveHost } from './resolve-host.ts';

/** What the TFTP side of a boot asks of the world. */
export interface TftpWorld {
  readonly snapshots: SnapshotSource;
  readonly artefacts: Pick<ArtefactStore, 'readAll'>;
  readonly leases: LeaseStore;
  readonly facts: Facts;
  readonly clock: Clock;
  readonly nbps: NbpCache;
}

/** The file asked for, or that there is none. */
export type TftpAnswer =
  | { readonly kind: 'file'; readonly name: string; readonly content: Uint8Array }
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

/** An NBP is 0.1 to 2 MB; more is no NBP. */
const LARGEST_NBP = 16 * 1024 * 1024;

/** iPXE 2025, shim and GRUB ask for these whether they exist or not. */
const PROBES =
  /^(?:autoexec\.ipxe|revocations_\w+\.efi|shim_certificate_\d+\.efi|(?:.*\/)?\w+\.(?:lst|cfg))$/;

/** The content of published NBPs, held in memory by digest. INVARIANT: at most `limit` entries, the oldest go first. */
export class NbpCache {
  readonly #contents = new Map<Digest, Promise<Uint8Array>>();
  readonly #limit: number;

  constructor(limit = 16) {
    this.#limit = limit;
  }

  /** The content of an artefact; a failure to read it is not remembered. */
  get(digest: Digest, artefacts: Pick<ArtefactStore, 'readAll'>): Promise<Uint8Array> {
    const known = this.#contents.get(digest);
    if (known !== undefined) return known;
    const reading = artefacts.readAll(digest, LARGEST_NBP);
    this.#contents.set(digest, reading);
    reading.catch(() => this.#contents.delete(digest));
    const oldest = this.#contents.keys().next().value;
    if (this.#contents.size > this.#limit && oldest !== undefined) this.#contents.delete(oldest);
    return reading;
  }
}

/** Find a file by its name among the published NBPs; a name never becomes a path. Rejects when it cannot be read. */
export async function answerTftp(file: string, world: TftpWorld): Promise<TftpAnswer> {
  const { catalogue } = await world.snapshots.current();
  const found = findNbp(file, publishedNbps(catalogue)?.files ?? []);
  if (found === undefined) return { kind: 'not-found', isProbe: PROBES.test(normalise(file)) };
  return { kind: 'file', name: found.name, content: await world.nbps.get(found.digest, world.artefacts) };
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

function findNbp(file: string, files: readonly ReleaseFile[]): ReleaseFile | undefined {
  const wanted = normalise(file);
  return files.find((each) => each.name === file) ?? files.find((each) => normalise(each.name) === wanted);
}

/**
 * Names as firmware spells them: `/snponly.efi`, `\SNPONLY.EFI`, `./snponly.efi` are all `snponly.efi`. Any other
 * folder stays part of the name, and so names nothing.
 */
function normalise(file: string): string {
  return file
    .replaceAll('\\', '/')
    .replace(/^(?:\.?\/)+/, '')
    .toLowerCase();
}
