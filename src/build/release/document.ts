import { createHash } from 'node:crypto';
import { type ArtefactRef, type Digest, digestFromHex } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { PackageList } from '../../core/package.ts';
import type { NamedRelease, Release, ReleaseFile, ReleaseLayer } from '../../core/release.ts';
import { canonicalJson } from '../../core/release.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { KnownResults, Plan } from '../plan.ts';
import { targetOf } from '../selection.ts';
import type { Step } from '../step.ts';
import { artefactFault } from '../verify/artefacts.ts';
import { packagesIn } from './package-artefact.ts';
import { isEmptyDiff, packageDiff } from './package-diff.ts';
import { spdxText } from './sbom.ts';

/** Who makes a release document, and where its artefacts go. */
export interface DocumentMaker {
  readonly artefacts: ArtefactStore;
  /** Name and version of this program. */
  readonly builder: string;
  /** Others, such as release masters, may have layers only. */
  readonly isForHosts: boolean;
}

/** A layer of the release and the packages of the root after it. */
interface MadeLayer {
  readonly layer: ReleaseLayer;
  readonly packages?: { readonly list: PackageList; readonly ref: ArtefactRef };
}

/**
 * The release that a finished plan makes, as a document: the same results give the same bytes, so nothing in it tells
 * when, where or how long. Its bill of materials is stored before it.
 */
export async function releaseOf(
  plan: Plan,
  results: KnownResults,
  maker: DocumentMaker,
): Promise<NamedRelease> {
  const target = targetOf(plan.chain);
  const { name: image, architecture } = target;
  const made = plan.steps.map((step) => [step, results.get(step.id)] as const);
  const layers = await layersOf(made, maker);
  const top = layers.at(-1)?.packages;
  const about =
    top === undefined
      ? {}
      : {
          packages: refOf(top.ref),
          sbom: await keepSbom(spdxText(top.list, { image, architecture, builder: maker.builder }), maker),
        };
  const { waives = [] } = target;
  const waived = waives.length === 0 ? {} : { waived: waives };
  const base = { schema: 2, image, architecture, builder: maker.builder, ...waived, ...about } as const;
  const files = made
    .flatMap(([step, result]) => filesOf(step, result))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const boot = made.map(([, result]) => result).findLast((result) => result?.kind === 'initramfs');
  const [first, ...rest] = withDiffs(layers, architecture);
  if (boot !== undefined && first !== undefined) {
    const { kernelVersion, kernel, initramfs, keys } = boot;
    const trusted = keys === undefined ? {} : { keys };
    const { cmdline, persist } = target;
    const state = persist.length === 0 ? {} : { persist };
    const common = { kernelVersion, kernel, initramfs, ...trusted, cmdline, ...state, files };
    return named({ ...base, output: 'netboot', ...common, layers: [first, ...rest] });
  }
  const all = first === undefined ? [] : [first, ...rest];
  if (files.length > 0 || !maker.isForHosts) return named({ ...base, output: 'files', files, layers: all });
  throw new AppError('build-failed', `Cannot publish image "${image}": nothing bootable was made`);
}

async function layersOf(
  made: readonly (readonly [Step, StepResult | undefined])[],
  { artefacts }: DocumentMaker,
): Promise<readonly MadeLayer[]> {
  const lists = new Map<Digest, Promise<PackageList>>();
  const listOf = (digest: Digest): Promise<PackageList> => {
    const list = lists.get(digest) ?? packagesIn(digest, artefacts);
    lists.set(digest, list);
    return list;
  };
  const layers = made.flatMap(([step, result]) =>
    // Layers that only one output has are none of the release's.
    result?.kind === 'layer' && step.output === undefined ? [{ step, result }] : [],
  );
  return await Promise.all(
    layers.map(async ({ step, result }): Promise<MadeLayer> => {
      const { commit } = result;
      const from = { stage: step.stage, image: step.image, contentId: step.id };
      const layer = { ...refOf(result.layer), ...from, ...(commit === undefined ? {} : { commit }) };
      const ref = result.packages;
      return ref === undefined ? { layer } : { layer, packages: { ref, list: await listOf(ref.digest) } };
    }),
  );
}

/** Say of each layer what its stage did to the packages, as compared with the layer below it. */
function withDiffs(
  layers: readonly MadeLayer[],
  architecture: Release['architecture'],
): readonly ReleaseLayer[] {
  let before: PackageList | undefined;
  return layers.map(({ layer, packages }) => {
    if (packages === undefined) return layer;
    const diff = packageDiff(before, packages.list, architecture);
    before = packages.list;
    return isEmptyDiff(diff) ? layer : { ...layer, packages: diff };
  });
}

function filesOf({ output = 'files' }: Step, result: StepResult | undefined): readonly ReleaseFile[] {
  if (result?.kind !== 'files') return [];
  return Object.entries(result.files).map(([name, ref]) => ({ name, ...refOf(ref), kind: output }));
}

/** Most builds make the bill of materials that is there already; it need not be written again. */
async function keepSbom(text: string, { artefacts }: DocumentMaker): Promise<ArtefactRef> {
  const bytes = Buffer.from(text);
  const ref = { digest: digestOf(text), size: bytes.length };
  return (await artefactFault(ref, artefacts)) === undefined ? ref : await artefacts.putBytes(bytes);
}

function refOf({ digest, size }: ArtefactRef): ArtefactRef {
  return { digest, size };
}

function named(release: Release): NamedRelease {
  return { digest: digestOf(canonicalJson(release)), release };
}

function digestOf(text: string): Digest {
  const digest = digestFromHex(createHash('sha256').update(text).digest('hex'));
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return digest;
}
