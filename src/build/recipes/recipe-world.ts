import { createHash } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { RecipeSource } from '../../core/image.ts';
import { canonicalJson } from '../../core/release.ts';
import type { BuildLocks } from '../../ports/build-locks.ts';
import type { Recipes, RecipeTree } from '../../ports/recipes.ts';

/** What recipes are run with. */
export interface RecipeWorld {
  readonly repositories: Recipes;
  /** `CONFIGURATION_URL` that recipes find in `.env`. */
  readonly configurationUrl: string | undefined;
  /** The commits of this build, by input. */
  readonly trees: ReadonlyMap<string, RecipeTree>;
}

const PREFIX = 'recipe:';

/** What stands for a recipe among the inputs of a build, as a path stands for a file. */
export function recipeInput({ repository, revision, folder }: RecipeSource): string {
  return `${PREFIX}${JSON.stringify([repository, revision ?? null, folder ?? null])}`;
}

/** The recipe that an input stands for; undefined when it is none. */
export function parseRecipeInput(input: string): RecipeSource | undefined {
  if (!input.startsWith(PREFIX)) return undefined;
  const parts = JSON.parse(input.slice(PREFIX.length)) as [string, string | null, string | null];
  const [repository, revision, folder] = parts;
  return { repository, revision: revision ?? undefined, folder: folder ?? undefined };
}

/** The tree of a recipe that was pinned for this build. */
export function recipeTree({ trees }: Pick<RecipeWorld, 'trees'>, input: string): RecipeTree {
  const tree = trees.get(input);
  if (tree !== undefined) return tree;
  throw new AppError('build-failed', `Cannot run recipe "${input}": it was not fetched for this build`);
}

/** What repositories are fetched with. */
export interface RecipePinOptions {
  readonly recipes: RecipeWorld;
  readonly locks: BuildLocks;
  readonly signal: AbortSignal;
}

/** The world of one build: this recipe at one commit from then on. */
export async function pinRecipe(
  input: string,
  { recipes, locks, signal }: RecipePinOptions,
): Promise<RecipeWorld> {
  const source = parseRecipeInput(input);
  if (source === undefined || recipes.trees.has(input)) return recipes;
  // Builds of other images may be fetching at the same time.
  const wait = { signal, told: () => undefined };
  const lock = await locks.take('recipes', { purpose: 'the fetch of a recipe', wait });
  try {
    const tree = await recipes.repositories.pin(source, { signal });
    return { ...recipes, trees: new Map([...recipes.trees, [input, tree]]) };
  } finally {
    await lock.release();
  }
}

/** SHA-256, in hexadecimal, of all that a layer made by the recipe depends on. */
export function recipeDigest(world: RecipeWorld, input: string): string {
  const { commit, committedAt } = recipeTree(world, input);
  const folder = parseRecipeInput(input)?.folder ?? null;
  const seed = { commit, committedAt, folder, configurationUrl: world.configurationUrl ?? null };
  return createHash('sha256').update(canonicalJson(seed)).digest('hex');
}
