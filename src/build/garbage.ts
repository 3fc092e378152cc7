import type { Cpu } from '../core/arch.ts';
import type { Digest } from '../core/artefact.ts';
import type { HostName } from '../core/host.ts';
import type { ChannelName, ImageName } from '../core/image.ts';
import type { JobId, JobState } from '../core/job.ts';
import { artefactsOf, type NamedRelease } from '../core/release.ts';
import type { ContentId, StepResult } from '../ports/build-cache.ts';
import type { ContainerImageId } from '../ports/container-engine.ts';
import type { BuiltImage } from './built-image.ts';
import { artefactsOf as artefactsOfStep } from './whole.ts';

/** A release document and when it was kept first. */
export interface KnownRelease extends NamedRelease {
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A move of a channel to a release. */
export interface KnownMove {
  readonly image: ImageName;
  readonly channel: ChannelName;
  readonly architecture: Cpu;
  readonly digest: Digest;
}

/** A step that the cache knows. */
export interface KnownStep {
  readonly id: ContentId;
  readonly result: StepResult;
}

/** Everything on record that may need something. */
export interface GarbageFacts {
  readonly releases: readonly KnownRelease[];
  /** What the channels point to. */
  readonly channels: readonly Digest[];
  /** Newest first. */
  readonly moves: readonly KnownMove[];
  /** Releases that are pinned. */
  readonly pinned: readonly Digest[];
  /** Releases of boot tokens that are valid, and of boots of the last day. */
  readonly booted: readonly Digest[];
  /** Newest first. */
  readonly hostLayers: readonly {
    readonly host: HostName;
    readonly image: ImageName;
    readonly release: Digest;
  }[];
  readonly attestations: readonly { readonly release: Digest; readonly digest: Digest }[];
  readonly steps: readonly KnownStep[];
  readonly built: readonly BuiltImage[];
  /** Newest first. */
  readonly jobs: readonly { readonly id: JobId; readonly state: JobState }[];
}

/** How much is kept. */
export interface GarbageRules {
  /** Releases of each channel, image and architecture. */
  readonly keep: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What goes of the records, and what is kept of the files. */
export interface Verdict {
  readonly releases: readonly KnownRelease[];
  readonly steps: readonly ContentId[];
  readonly artefacts: ReadonlySet<Digest>;
  /** How the kept releases were made. */
  readonly statements: readonly Digest[];
  readonly images: ReadonlySet<ContainerImageId>;
  /** Jobs whose logs are kept. */
  readonly logs: ReadonlySet<string>;
}

const YOUNG_MILLISECONDS = 3600 * 1000;
const KEPT_LOGS = 500;

/** What nothing needs any more. */
export function findGarbage(facts: GarbageFacts, rules: GarbageRules): Verdict {
  const digests = releasesToKeep(facts, rules);
  const kept = facts.releases.filter(({ digest }) => digests.has(digest));
  const steps = stepsToKeep(facts, kept, rules);
  const results = [
    ...steps.map(({ result }) => result),
    ...facts.built.flatMap(({ layers }) => layers.map(({ result }) => result)),
  ];
  const ids = new Set(steps.map(({ id }) => id));
  const statements = facts.attestations
    .filter(({ release }) => digests.has(release))
    .map(({ digest }) => digest);
  return {
    releases: facts.releases.filter(({ digest }) => !digests.has(digest)),
    steps: facts.steps.filter(({ id }) => !ids.has(id)).map(({ id }) => id),
    artefacts: new Set([
      ...kept.flatMap(({ release }) => artefactsOf(release).map(({ digest }) => digest)),
      ...statements,
      ...results.flatMap((result) => artefactsOfStep(result).map(({ digest }) => digest)),
    ]),
    statements,
    images: new Set(results.flatMap(imagesOfStep)),
    logs: new Set(
      facts.jobs
        .filter(({ state }, index) => index < KEPT_LOGS || state === 'queued' || state === 'running')
        .map(({ id }) => id),
    ),
  };
}

/** Whether something is so new that a build may be about to use it. */
export function isYoung(madeAt: number, now: number): boolean {
  return madeAt > now - YOUNG_MILLISECONDS;
}

function releasesToKeep(facts: GarbageFacts, { keep, now }: GarbageRules): ReadonlySet<Digest> {
  const moved = new Set(facts.moves.map(({ digest }) => digest));
  const unpublished = facts.releases
    .filter(({ digest }) => !moved.has(digest))
    .toSorted((a, b) => b.createdAt - a.createdAt);
  return new Set([
    ...facts.channels,
    ...facts.pinned,
    ...facts.booted,
    ...facts.releases.filter(({ createdAt }) => isYoung(createdAt, now)).map(({ digest }) => digest),
    ...newestOf(keep, facts.moves, (move) => [
      `${move.image} ${move.channel} ${move.architecture}`,
      move.digest,
    ]),
    // Those that wait for a promotion, and those of images that are never uploaded.
    ...newestOf(keep, unpublished, ({ digest, release }) => [
      `${release.image} ${release.architecture}`,
      digest,
    ]),
    // A host whose newest layer failed boots an earlier release for which it has one.
    ...newestOf(keep, facts.hostLayers, ({ host, image, release }) => [`${host} ${image}`, release]),
  ]);
}

/** The first `count` different releases of each group. */
function newestOf<T>(
  count: number,
  entries: readonly T[],
  placeOf: (entry: T) => readonly [group: string, release: Digest],
): readonly Digest[] {
  const groups = new Map<string, Set<Digest>>();
  for (const entry of entries) {
    const [group, release] = placeOf(entry);
    const kept = groups.get(group) ?? new Set<Digest>();
    if (kept.size < count) kept.add(release);
    groups.set(group, kept);
  }
  return [...groups.values()].flatMap((group) => [...group]);
}

function stepsToKeep(
  { steps, built }: GarbageFacts,
  kept: readonly KnownRelease[],
  { now }: GarbageRules,
): readonly KnownStep[] {
  const layers = new Set<string>([
    ...kept.flatMap(({ release }) => release.layers.map(({ contentId }) => contentId)),
    ...built.flatMap((image) => image.layers.map(({ step }) => step.id)),
  ]);
  const released = new Set(kept.flatMap(({ release }) => artefactsOf(release).map(({ digest }) => digest)));
  const tops = new Set(built.map((image) => image.layers.at(-1)?.result.container));
  const needed = steps.filter(({ id, result }) => {
    if (result.made !== undefined && isYoung(result.made.startedAt + result.made.seconds * 1000, now))
      return true;
    if (result.kind === 'layer') return layers.has(id);
    return tops.has(result.parent) || artefactsOfStep(result).every(({ digest }) => released.has(digest));
  });
  return [...needed, ...layersBelow(needed, steps)];
}

/** Layers that only an output has, such as the root of a disk: without them the output would not be known either. */
function layersBelow(needed: readonly KnownStep[], steps: readonly KnownStep[]): readonly KnownStep[] {
  const ids = new Set(needed.map(({ id }) => id));
  const others = new Map(
    steps.flatMap((step) =>
      step.result.kind === 'layer' && !ids.has(step.id) ? [[step.result.container, step] as const] : [],
    ),
  );
  const below: KnownStep[] = [];
  for (const { result } of needed) {
    if (result.kind !== 'files') continue;
    let parent: ContainerImageId | undefined = result.parent;
    while (parent !== undefined) {
      const step = others.get(parent);
      others.delete(parent);
      if (step !== undefined) below.push(step);
      parent = step?.result.parent;
    }
  }
  return below;
}

/** Only of layers: what else a step makes stays known by its artefacts; the root that an initramfs was made of may go. */
function imagesOfStep(result: StepResult): readonly ContainerImageId[] {
  if (result.kind !== 'layer') return [];
  return result.parent === undefined ? [result.container] : [result.container, result.parent];
}
