import { isBranchName } from '../../core/branch.ts';
import type { RecipeSource } from '../../core/image.ts';

/** A recipe, or why a name is none. */
export type RecipeReading =
  | { readonly source: RecipeSource }
  | { readonly fault: string; readonly remedy: string };

const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:\/\/|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:)/i;
const KNOWN =
  /^(?:https|ssh|file|http|git):\/\/[^\s\p{Cc}]+$|^[A-Za-z0-9._-]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s\p{Cc}-][^\s\p{Cc}]*$/u;
const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;

/** Whether the name of a stage is the address of a repository. */
export function isRecipe(name: string): boolean {
  return ADDRESS.test(name);
}

/** Read `REPOSITORY[#REVISION[:FOLDER]]`. */
export function readRecipe(name: string): RecipeReading {
  const at = name.indexOf('#');
  const repository = at < 0 ? name : name.slice(0, at);
  const [revision = '', ...rest] = at < 0 ? [] : name.slice(at + 1).split(':');
  const folder = rest.join(':').replace(/\/+$/, '');
  const fault = faultOf(repository, revision, folder);
  if (fault !== undefined) return fault;
  return {
    source: {
      repository,
      revision: revision === '' ? undefined : revision,
      folder: folder === '' ? undefined : folder,
    },
  };
}

function faultOf(repository: string, revision: string, folder: string) {
  if (!KNOWN.test(repository)) {
    const reason = 'it is no address of a repository';
    return { fault: reason, remedy: 'Write "https://…", "ssh://…", "USER@HOST:PATH" or "file:///…"' };
  }
  if (/^(?:https?|git):\/\/[^/]*@|^ssh:\/\/[^/]*:[^/]*@/i.test(repository)) {
    const remedy = 'Use an SSH key: "recipes.key" in bivouac.yml';
    return { fault: 'an address in a file that all may read holds no password', remedy };
  }
  if (/^(?:http|git):/i.test(repository) && !COMMIT.test(revision)) {
    const remedy = 'Name the whole commit: "ADDRESS#COMMIT", or use https or ssh';
    return { fault: 'what comes unencrypted is known by its commit only', remedy };
  }
  if (revision !== '' && !isBranchName(revision)) {
    return {
      fault: `"${revision}" is no branch, tag or commit`,
      remedy: 'Write "ADDRESS#BRANCH" or "ADDRESS#COMMIT"',
    };
  }
  const isInside =
    !/^[/-]|\p{Cc}/u.test(folder) && !folder.split('/').some((part) => ['..', '.git', ''].includes(part));
  if (folder !== '' && !isInside) {
    return {
      fault: `"${folder}" is no folder inside the repository`,
      remedy: 'Give a relative path without ".."',
    };
  }
  return undefined;
}
