import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/release.ts';
import type { StageEnvironment } from '../../ports/container-engine.ts';
import { digestPlaced } from '../source-tree.ts';
import type { ContainerfileAction } from './action.ts';
import { copiedFrom } from './copied.ts';
import { MAX_CONTAINERFILE_BYTES, readContainerfile } from './read.ts';

/** A Containerfile that makes a layer. */
export interface FragmentInput {
  /** Absolute. */
  readonly path: string;
  readonly environment: StageEnvironment;
}

const PREFIX = 'containerfile:';

/** What stands for a Containerfile among the inputs of a build, as a path stands for a file. */
export function fragmentInput({ path, environment }: FragmentInput): string {
  return `${PREFIX}${canonicalJson([path, environment])}`;
}

/** The Containerfile that an input stands for; undefined when it is none. */
export function parseFragmentInput(input: string): FragmentInput | undefined {
  if (!input.startsWith(PREFIX)) return undefined;
  const [path, environment] = JSON.parse(input.slice(PREFIX.length)) as [string, StageEnvironment];
  return { path, environment };
}

/** What a Containerfile does; rejects with `config-invalid` at its first fault. */
export async function readFragment({
  path,
  environment,
}: FragmentInput): Promise<readonly ContainerfileAction[]> {
  if ((await stat(path)).size > MAX_CONTAINERFILE_BYTES) throw tooLarge(path);
  const { actions, faults } = readContainerfile(await readFile(path, 'utf8'), environment);
  const [fault] = faults;
  if (fault === undefined) return actions;
  const { place, message, remedy } = fault;
  throw new AppError('config-invalid', `Cannot use "${path}": line ${place.line}: ${message}`, { remedy });
}

/** SHA-256, in hexadecimal, of what it does and of every file that it copies; comments and the place of lines do not count. */
export async function fragmentDigest(input: FragmentInput): Promise<string> {
  const folder = dirname(input.path);
  const parts: unknown[] = [];
  for (const { source, ...action } of await readFragment(input)) {
    if (action.kind !== 'copy') {
      parts.push(action);
      continue;
    }
    const found = await copiedFrom(folder, { ...action, source });
    const digests = await Promise.all(found.map(({ entries }) => digestPlaced(entries)));
    parts.push({ ...action, sources: found.map(({ isFolder }, index) => [isFolder, digests[index]]) });
  }
  return createHash('sha256').update(canonicalJson(parts)).digest('hex');
}

function tooLarge(path: string): AppError {
  const message = `Cannot use "${path}": it has more than ${MAX_CONTAINERFILE_BYTES} bytes`;
  return new AppError('config-invalid', message, { remedy: 'COPY long texts from files beside it' });
}
