import { type Digest, digestFromHex } from '../core/artefact.ts';
import { AppError } from '../core/errors.ts';
import type { BuildLocks, HeldLock, LockRequest } from '../ports/build-locks.ts';
import type { Clock } from '../ports/clock.ts';
import type { ContainerImageId } from '../ports/container-engine.ts';
import { findGarbage, type GarbageFacts, isYoung, type KnownRelease, type Verdict } from './garbage.ts';

/** A file of a folder that is looked through. */
export interface SweptFile {
  /** Below the folder. */
  readonly name: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** A folder whose files go when nothing needs them. */
export interface SweptFolder {
  list(): Promise<readonly SweptFile[]>;
  remove(name: string): Promise<void>;
}

/** A folder of which the configuration, or a kept release, says what it needs. */
export interface JudgedFolder extends SweptFolder {
  /** Tells of a name whether it is needed; `statements` are those of the kept releases. */
  judge(statements: readonly Digest[]): Promise<(name: string) => boolean>;
}

/** An image of the container storage; `bytes` are those of its own layer. */
export interface StoredImage {
  readonly id: ContainerImageId;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
}

/** The images of the container storage. */
export interface ImageStorage {
  list(): Promise<readonly StoredImage[]>;
  remove(images: readonly StoredImage[]): Promise<void>;
}

/** The records in the database. */
export interface GarbageRecords {
  /**
   * Remove what `judge` finds in the newest state, whole or not at all; nobody changes what it looks at meanwhile. With
   * `dryRun` nothing is removed.
   */
  sweep(
    judge: (facts: GarbageFacts) => Verdict,
    options: { readonly now: number; readonly dryRun: boolean },
  ): Promise<Verdict>;
}

/** What is looked through. */
export interface GarbageSite {
  readonly records: GarbageRecords;
  readonly images: ImageStorage;
  readonly artefacts: SweptFolder;
  /** Lists of the files of layers. */
  readonly listings: SweptFolder;
  /** Logs of jobs. */
  readonly logs: SweptFolder;
  /** What roots were made from. */
  readonly downloads: JudgedFolder;
  /** Mirrors of git repositories, and commits that were checked out. */
  readonly repositories: JudgedFolder;
  readonly locks: BuildLocks;
  readonly clock: Clock;
  /** Remove what killed builds left: their containers hold images. */
  recover(): Promise<void>;
}

/** What to do. */
export interface GarbageRequest {
  /** How many releases of each channel, image and architecture stay. */
  readonly keep: number;
  readonly dryRun: boolean;
  readonly wait: NonNullable<LockRequest['wait']>;
}

/** What went of one kind. */
export interface Removed {
  readonly count: number;
  readonly bytes: number;
}

/** What went, or with `dryRun` would go. */
export interface GarbageReport {
  readonly dryRun: boolean;
  readonly releases: readonly KnownRelease[];
  readonly steps: number;
  readonly images: Removed;
  readonly artefacts: Removed;
  readonly listings: Removed;
  readonly logs: Removed;
  readonly downloads: Removed;
  readonly repositories: Removed;
}

/** Remove what no release that is kept, no build and no boot needs. Waits until no build runs. */
export async function collectGarbage(request: GarbageRequest, site: GarbageSite): Promise<GarbageReport> {
  if (request.dryRun) return await sweepAll(request, site);
  const lock = await takeStore(request, site.locks);
  try {
    await site.recover();
    return await sweepAll(request, site);
  } finally {
    await lock.release();
  }
}

async function takeStore({ wait }: GarbageRequest, locks: BuildLocks): Promise<HeldLock> {
  const purpose = 'the removal of what is no longer used';
  try {
    return await locks.take('store', { purpose, wait });
  } catch (error) {
    if (!wait.signal.aborted) throw error;
    throw new AppError('busy', `Cannot begin ${purpose}: builds run`, {
      remedy: 'Try again when they are done; "bivouac job list" shows them',
      cause: error,
    });
  }
}

/** Records go first: killed at any point, it leaves files that nothing names, and the next run removes those. */
async function sweepAll({ keep, dryRun }: GarbageRequest, site: GarbageSite): Promise<GarbageReport> {
  const now = site.clock.now();
  const verdict = await site.records.sweep((facts) => findGarbage(facts, { keep, now }), { now, dryRun });
  const isKept = (name: string): boolean => verdict.artefacts.has(digestOf(name));
  const sweep = { now, dryRun };
  return {
    dryRun,
    releases: verdict.releases,
    steps: verdict.steps.length,
    images: await sweepImages(site.images, verdict, sweep),
    artefacts: await sweepFolder(site.artefacts, isKept, sweep),
    listings: await sweepFolder(site.listings, isKept, sweep),
    logs: await sweepFolder(site.logs, (name) => verdict.logs.has(name.replace(/\.log$/, '')), sweep),
    downloads: await sweepFolder(site.downloads, await site.downloads.judge(verdict.statements), sweep),
    repositories: await sweepFolder(
      site.repositories,
      await site.repositories.judge(verdict.statements),
      sweep,
    ),
  };
}

interface Sweep {
  readonly now: number;
  readonly dryRun: boolean;
}

async function sweepImages(
  storage: ImageStorage,
  verdict: Verdict,
  { now, dryRun }: Sweep,
): Promise<Removed> {
  const all = await storage.list();
  const unused = all.filter(({ id, madeAt }) => !verdict.images.has(id) && !isYoung(madeAt, now));
  if (!dryRun && unused.length > 0) await storage.remove(unused);
  return sumOf(unused);
}

async function sweepFolder(
  folder: SweptFolder,
  isKept: (name: string) => boolean,
  { now, dryRun }: Sweep,
): Promise<Removed> {
  const files = await folder.list();
  const unused = files.filter(({ name, changedAt }) => !isKept(name) && !isYoung(changedAt, now));
  if (!dryRun) for (const { name } of unused) await folder.remove(name);
  return sumOf(unused);
}

function sumOf(all: readonly { readonly bytes: number }[]): Removed {
  return { count: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** Of `ab/abcd…` and `abcd….json.zst`. */
function digestOf(name: string): Digest {
  const digest = digestFromHex(/([0-9a-f]{64})(?:\.json\.zst)?$/.exec(name)?.[1] ?? '');
  if (digest === undefined) throw new RangeError(`Cannot read a digest from the file name "${name}"`);
  return digest;
}
