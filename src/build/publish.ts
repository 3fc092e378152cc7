import { createHash } from 'node:crypto';
import type { Digest } from '../core/artefact.ts';
import { digestFromHex } from '../core/artefact.ts';
import { AppError } from '../core/errors.ts';
import { STABLE } from '../core/image.ts';
import type { NamedRelease, Release, ReleaseFile, ReleaseLayer } from '../core/release.ts';
import { canonicalJson } from '../core/release.ts';
import type { StepResult } from '../ports/build-cache.ts';
import type { CatalogueStore } from '../ports/catalogue-store.ts';
import type { ReleaseSigning } from '../ports/signer.ts';
import type { KnownResults, Plan } from './plan.ts';
import { targetOf } from './selection.ts';
import { signRelease } from './sign-release.ts';
import type { Step } from './step.ts';

/** The release a finished plan makes. `builder` names the program's version. */
export function releaseOf(plan: Plan, results: KnownResults, builder: string): NamedRelease {
  const target = targetOf(plan.chain);
  const base = { schema: 1, image: target.name, architecture: target.architecture, builder } as const;
  const made = plan.steps.map((step) => [step, results.get(step.id)] as const);
  const layers = made.flatMap(([step, result]) => layerOf(step, result));
  const files = filesOf(made.map(([, result]) => result));
  const initramfs = made.map(([, result]) => result).findLast((result) => result?.kind === 'initramfs');
  const [first, ...rest] = layers;
  if (initramfs !== undefined && first !== undefined) {
    const { kernelVersion, kernel, initramfs: image, keys } = initramfs;
    const trusted = keys === undefined ? {} : { keys };
    const { cmdline, persist } = target;
    const state = persist.length === 0 ? {} : { persist };
    const boot = { kernelVersion, kernel, initramfs: image, ...trusted, cmdline, ...state, files };
    return named({ ...base, output: 'netboot', ...boot, layers: [first, ...rest] });
  }
  if (files.length > 0) return named({ ...base, output: 'files', files, layers });
  throw new AppError('build-failed', `Cannot publish image "${target.name}": nothing bootable was made`);
}

/** Sign the release and point `stable` of the image to it; false when it did already. */
export async function publishRelease(
  release: NamedRelease,
  { catalogue, signing }: { readonly catalogue: CatalogueStore; readonly signing: ReleaseSigning },
): Promise<boolean> {
  // Before the channel moves: a host may ask the next moment.
  await signRelease(release.digest, signing);
  return await catalogue.publish(release, STABLE);
}

function filesOf(results: readonly (StepResult | undefined)[]): readonly ReleaseFile[] {
  return results
    .flatMap((result) => (result?.kind === 'files' ? Object.entries(result.files) : []))
    .map(([name, { digest, size }]) => ({ name, digest, size }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function layerOf(step: Step, result: StepResult | undefined): readonly ReleaseLayer[] {
  if (result?.kind !== 'layer') return [];
  const { digest, size } = result.layer;
  return [{ digest, size, stage: step.stage, image: step.image, contentId: step.id }];
}

function named(release: Release): NamedRelease {
  return { digest: digestOf(canonicalJson(release)), release };
}

function digestOf(text: string): Digest {
  const digest = digestFromHex(createHash('sha256').update(text).digest('hex'));
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return digest;
}
