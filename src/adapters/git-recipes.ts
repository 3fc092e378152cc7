import { lstat, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../core/errors.ts';
import type { RecipeSource } from '../core/image.ts';
import type { CommandRunner } from '../ports/command.ts';
import type { Recipes, RecipeTree } from '../ports/recipes.ts';
import { GitMirror } from './git.ts';
import { type SshAccess, withoutPassword } from './git-config.ts';

/** What {@link GitRecipes} works with. */
export interface GitRecipesOptions extends SshAccess {
  /** Folder for the mirrors. */
  readonly directory: string;
  readonly commands: CommandRunner;
}

/** Recipes in git repositories, each mirrored once. */
export class GitRecipes implements Recipes {
  readonly #options: GitRecipesOptions;

  constructor(options: GitRecipesOptions) {
    this.#options = options;
  }

  async pin(source: RecipeSource, { signal }: { readonly signal: AbortSignal }): Promise<RecipeTree> {
    const { repository, revision, folder } = source;
    const remedies = { reach: REACH, branch: 'write another one after "#" in the name of the stage' };
    const mirror = new GitMirror({ ...this.#options, repository, remedies });
    await mirror.fetchFor([revision], signal);
    const commit = revision === undefined ? await mirror.head() : await mirror.commitOf(revision);
    const last = await mirror.lastChange(commit, folder);
    if (last === undefined) throw withoutFolder(source);
    const directory = await folderOf(await mirror.checkOut(last.commit), source);
    return { directory, ...last };
  }
}

const REACH =
  'Check the address in the name of the stage, and "recipes.key" and "recipes.known_hosts" in bivouac.yml';

/** Links would lead to what is not of this commit. */
async function folderOf(checkout: string, source: RecipeSource): Promise<string> {
  const place = join(checkout, source.folder ?? '.');
  const real = await realpath(place).catch(() => undefined);
  if (real === undefined || real !== join(await realpath(checkout), source.folder ?? '.'))
    throw withoutFolder(source);
  const build = await lstat(join(place, 'build.sh')).catch(() => undefined);
  if (build?.isFile()) return place;
  throw new AppError('config-invalid', `Cannot use recipe ${nameOf(source)}: it has no "build.sh"`, {
    remedy: 'Name the folder that has it: "ADDRESS#REVISION:FOLDER"',
  });
}

function withoutFolder(source: RecipeSource): AppError {
  return new AppError('config-invalid', `Cannot use recipe ${nameOf(source)}: it has no such folder`, {
    remedy: 'Name a folder of the repository: "ADDRESS#REVISION:FOLDER"',
  });
}

function nameOf({ repository, revision = '', folder }: RecipeSource): string {
  const inside = folder === undefined ? '' : `:${folder}`;
  const place = revision === '' && inside === '' ? '' : `#${revision}${inside}`;
  return JSON.stringify(`${withoutPassword(repository)}${place}`);
}
