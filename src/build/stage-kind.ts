import { isAbsolute, join } from 'node:path';
import { isBranchName } from '../core/branch.ts';
import type { StageDefinition } from '../core/image.ts';
import { isRecipe, readRecipe } from './recipes/recipe-stage.ts';

/** What is found at a path, symbolic links followed. */
export type PathKind = 'file' | 'directory' | 'other';

/** Looks at a path; undefined when nothing is there. */
export type Stat = (path: string) => PathKind | undefined;

/** A stage, or why its entry in `images/config.yml` is none. */
export type StageReading =
  | { readonly stage: StageDefinition }
  | { readonly fault: string; readonly remedy: string };

const LATER: readonly (readonly [form: RegExp, what: string])[] = [[/\.bu$/, 'a Butane file']];

const CONTAINERFILE = /(?:^|\/)(?:Containerfile|Dockerfile)$|\.(?:container|docker)file$/;

/** Tell a stage's kind by the form of its name: `*.sh` is a script, a directory a files overlay. */
export function readStage(name: string, directory: string, stat: Stat): StageReading {
  if (isRecipe(name)) return recipeStage(name);
  if (/\.ya?ml$/.test(name)) return playbookStage(name);
  const later = LATER.find(([form]) => form.test(name));
  if (later !== undefined) {
    return {
      fault: `Cannot use stage "${name}": ${later[1]} as a stage comes with a later version`,
      remedy: 'Use a script ("*.sh"), a Containerfile or a folder of files',
    };
  }
  if (name === '' || isAbsolute(name) || /\p{Cc}/u.test(name)) {
    return {
      fault: `Cannot use stage "${name}": it is no relative path`,
      remedy: 'Give the path of a script or folder, relative to the images folder',
    };
  }
  const path = join(directory, name);
  return stageAt(name, path, stat(path));
}

function recipeStage(name: string): StageReading {
  const reading = readRecipe(name);
  if ('source' in reading) return { stage: { kind: 'recipe', name, source: reading.source } };
  return { fault: `Cannot use stage "${name}": ${reading.fault}`, remedy: reading.remedy };
}

/** `playbook.yml` or `branch@playbook.yml`; whether there is such a file is known once the branch is fetched. */
function playbookStage(name: string): StageReading {
  const at = name.lastIndexOf('@');
  const [branch, playbook] = at < 0 ? [undefined, name] : [name.slice(0, at), name.slice(at + 1)];
  if (branch !== undefined && !isBranchName(branch)) {
    const fault = `Cannot use stage "${name}": "${branch}" cannot be the name of a branch`;
    return { fault, remedy: 'Write "BRANCH@PLAYBOOK.yml"' };
  }
  if (isAbsolute(playbook) || playbook.split('/').includes('..') || /^-|\p{Cc}/u.test(playbook)) {
    const fault = `Cannot use stage "${name}": "${playbook}" is no path inside the folder of Ansible`;
    return { fault, remedy: 'Give a relative path without ".."' };
  }
  return { stage: { kind: 'playbook', name, playbook, ...(branch === undefined ? {} : { branch }) } };
}

function stageAt(name: string, path: string, kind: PathKind | undefined): StageReading {
  if (kind === undefined) {
    return {
      fault: `Cannot find stage "${name}"`,
      remedy: `Make "${path}", a script ("*.sh") or a folder of files`,
    };
  }
  if (kind === 'directory') return { stage: { kind: 'files', name, path } };
  if (kind === 'file' && name.endsWith('.sh')) return { stage: { kind: 'script', name, path } };
  if (kind === 'file' && CONTAINERFILE.test(name)) return { stage: { kind: 'containerfile', name, path } };
  return {
    fault: `Cannot use stage "${name}": it is neither a script ("*.sh") nor a Containerfile nor a folder of files`,
    remedy:
      'End the name of a script in ".sh", that of a Containerfile in "Containerfile" or ".containerfile"',
  };
}
