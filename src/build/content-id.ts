import { createHash } from 'node:crypto';
import type { RootSource } from '../core/image.ts';
import { canonicalJson } from '../core/release.ts';
import type { ContentId } from '../ports/build-cache.ts';
import { termsSeed } from './stage/terms.ts';
import type { Step, StepArgs, Work } from './step.ts';

/**
 * Raised when the same inputs give another result than before, so that nothing made by the older builder is used:
 * another format of layers, another way to clean a root, another argument of a tool.
 */
export const BUILDER_EPOCH = 3;

/** Digests of the files that stages are made from, by absolute path. */
export type InputDigests = ReadonlyMap<string, string>;

/** The key of a source's digest among the digests of inputs. */
export function sourceKey(source: RootSource): string {
  return `source ${canonicalJson(source)}`;
}

/** The id of a step's result: a chain of its parent's id, its action, its arguments and its inputs' content. */
export function contentId(
  parent: ContentId | undefined,
  { action, args, squashLevel, keeps = [], terms = {} }: Work & Pick<Step, 'squashLevel' | 'keeps' | 'terms'>,
  inputs: InputDigests,
): ContentId {
  const settings = {
    ...(squashLevel && { squashLevel }),
    ...(keeps.length === 0 ? {} : { keeps }),
    ...termsSeed(terms, (path) => inputOf(path, inputs)),
  };
  const work = { action, args: withoutPaths(args, inputs), ...settings };
  const seed = { epoch: BUILDER_EPOCH, parent: parent ?? null, ...work };
  return parseContentId(createHash('sha256').update(canonicalJson(seed)).digest('hex'));
}

/** Parse 64 lower-case hexadecimal digits; a `RangeError` when they are not. */
export function parseContentId(text: string): ContentId {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new RangeError(`Cannot make a content id from "${text.slice(0, 80)}"`);
  return text as ContentId;
}

/** Where a file lies on the building machine does not matter, what it holds does. */
function withoutPaths(args: Work['args'], inputs: InputDigests): object {
  if ('source' in args) return withoutPlace(args);
  if (!('path' in args)) return args;
  return { ...args, path: undefined, input: inputOf(args.path, inputs) };
}

function inputOf(path: string, inputs: InputDigests): string {
  const input = inputs.get(path);
  if (input === undefined) throw new RangeError(`Cannot plan: no digest of "${path}" was given`);
  return input;
}

/** Where a root was found does not matter once it is known what it holds. */
function withoutPlace({ source, digest, architecture }: StepArgs['bootstrap']): object {
  if (source.kind === 'suite') return { source, architecture };
  return { kind: source.kind, digest: digest ?? null, architecture };
}
