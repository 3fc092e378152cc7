import { messageOf } from '../core/errors.ts';
import type { ImageDefinition } from '../core/image.ts';
import type { BuildLocks } from '../ports/build-locks.ts';
import type { InputDigests } from './content-id.ts';
import { rootSources, type SourceInputs, sourceDigest } from './inputs.ts';
import { parsePlaybookInput } from './playbook-input.ts';
import { pinPlaybooks } from './playbook-world.ts';
import { parseRecipeInput, pinRecipe } from './recipes/recipe-world.ts';
import { type InputWorld, inputDigest, stageInputs } from './stage-inputs.ts';

/** For a fetch of repositories that nobody can stop, in milliseconds. */
const FETCH_LIMIT = 10 * 60_000;

/** Where inputs are read from. */
export interface InputSite extends SourceInputs, InputWorld {
  readonly locks: BuildLocks;
  readonly signal?: AbortSignal | undefined;
  /** Digests that are known already. */
  readonly known?: InputDigests;
}

/** What the roots of images are made from. */
export interface ReadInputs {
  readonly inputs: InputDigests;
  /** With the commits that these are of. */
  readonly world: InputWorld;
  /** Inputs that nothing could be learnt about, and why. */
  readonly unknown: ReadonlyMap<string, string>;
}

/** Digests of the files, playbooks and recipes that the roots of these images are made from. Rejects when one cannot be had. */
export async function readInputs(images: readonly ImageDefinition[], site: InputSite): Promise<ReadInputs> {
  return await read(images, site, (_inputs, work) => work());
}

/** As `readInputs`, but tells which cannot be had: a repository may be away. */
export async function readKnownInputs(
  images: readonly ImageDefinition[],
  site: InputSite,
): Promise<ReadInputs> {
  const unknown = new Map<string, string>();
  const known = await read(images, site, async (inputs, work) => {
    if (inputs.every((input) => unknown.has(input))) return;
    await work().catch((error: unknown) => {
      site.signal?.throwIfAborted();
      for (const input of inputs) unknown.set(input, messageOf(error));
    });
  });
  return { ...known, unknown };
}

type Attempt = (inputs: readonly string[], work: () => Promise<void>) => Promise<void>;

async function read(
  images: readonly ImageDefinition[],
  site: InputSite,
  attempt: Attempt,
): Promise<ReadInputs> {
  const { locks, signal = AbortSignal.timeout(FETCH_LIMIT), known = new Map(), ...pins } = site;
  let { playbooks, recipes } = site;
  const wanted = stageInputs(images).filter((input) => !known.has(input));
  const ofPlaybooks = wanted.filter((input) => parsePlaybookInput(input) !== undefined);
  await attempt(ofPlaybooks, async () => {
    const branches = ofPlaybooks.flatMap((input) => parsePlaybookInput(input) ?? []);
    playbooks = await pinPlaybooks(branches, { playbooks, locks, signal });
  });
  for (const input of wanted.filter((one) => parseRecipeInput(one) !== undefined)) {
    await attempt([input], async () => {
      recipes = await pinRecipe(input, { recipes, locks, signal });
    });
  }
  const digests: (readonly [string, string])[] = [];
  for (const input of wanted) {
    await attempt([input], async () => {
      digests.push([input, await inputDigest(input, { playbooks, recipes })]);
    });
  }
  for (const [key, source] of rootSources(images)) {
    await attempt([key], async () => {
      const digest = await sourceDigest(source, pins);
      if (digest !== undefined) digests.push([key, digest]);
    });
  }
  const inputs = new Map([...known, ...digests]);
  return { inputs, world: { playbooks, recipes }, unknown: new Map() };
}
