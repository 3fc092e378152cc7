import { posix } from 'node:path';
import { quote } from '../keys/reading.ts';
import type { CopyAction } from './action.ts';
import { StatementFault } from './statement-fault.ts';
import type { Statement, StatementFlag } from './statements.ts';
import { jsonWords, splitWords } from './words.ts';

/** What the words of a COPY are read with. */
export interface CopyRules {
  readonly escape: string;
  /** What relative targets are below. */
  readonly directory: string;
  readonly expand: (word: string) => string;
}

type Copy = Omit<CopyAction, 'kind' | 'source'>;

const ARCHIVE = /\.(?:tar|tgz|tbz2?|txz|tar\.[a-z0-9]+)$/i;

/** Read COPY, or ADD of files of the folder. */
export function readCopy(statement: Statement, rules: CopyRules): Copy {
  const { keyword, text, documents } = statement;
  if (documents !== '')
    throw new StatementFault(
      `Cannot use a here-document in ${keyword}`,
      'Write the text into a file beside the Containerfile, or use RUN cat',
    );
  const words = (jsonWords(text) ?? splitWords(text, rules.escape)).map(rules.expand);
  const [patterns, given] = [words.slice(0, -1), words.at(-1)];
  const [first, ...rest] = patterns;
  if (first === undefined || given === undefined || given === '')
    throw new StatementFault(
      `Cannot use ${keyword}: it has no source or no target`,
      `Write ${keyword} SOURCE TARGET`,
    );
  for (const pattern of patterns) requireLocal(keyword, pattern);
  const isFolder = /(?:^|\/)\.{0,2}$/.test(given);
  const resolved = posix.resolve(rules.directory, given);
  const target = isFolder && resolved !== '/' ? `${resolved}/` : resolved;
  if (rest.length > 0 && !isFolder)
    throw new StatementFault(
      `Cannot ${keyword} several sources to ${quote(given)}: it is no folder`,
      'End the target in "/"',
    );
  return { patterns: [first, ...rest], target, ...flagsOf(statement, rules) };
}

function requireLocal(keyword: string, pattern: string): void {
  const what = `Cannot ${keyword} ${quote(pattern)}`;
  if (/^[a-z][a-z0-9+.-]*:\/\/|^git@/i.test(pattern))
    throw new StatementFault(
      `${what}: it is no file of this folder`,
      'Fetch it by RUN and check its digest there, or put the file beside the Containerfile',
    );
  if (pattern === '' || pattern.split('/').includes('..') || /\p{Cc}/u.test(pattern))
    throw new StatementFault(
      `${what}: it leads out of the folder of the Containerfile`,
      'Move the file into the folder, or a link-free copy of it',
    );
  if (keyword === 'ADD' && ARCHIVE.test(pattern))
    throw new StatementFault(
      `${what}: archives are not unpacked`,
      'COPY it to /run and RUN tar --extract there',
    );
}

function flagsOf({ keyword, flags }: Statement, { expand }: CopyRules): Pick<Copy, 'owner' | 'mode'> {
  let read: Pick<Copy, 'owner' | 'mode'> = {};
  for (const flag of flags) {
    if (flag.name === 'chown') read = { ...read, owner: ownerOf(flag, expand) };
    else if (flag.name === 'chmod') read = { ...read, mode: modeOf(flag, expand) };
    else if (flag.name !== 'link') throw unknownFlag(keyword, flag);
  }
  return read;
}

function ownerOf({ value = '', place }: StatementFlag, expand: CopyRules['expand']): string {
  const owner = expand(value);
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(owner)) return owner;
  throw new StatementFault(
    `Cannot give files to ${quote(owner)}`,
    'Write --chown=USER or --chown=USER:GROUP, names or numbers',
    place,
  );
}

function modeOf({ value = '', place }: StatementFlag, expand: CopyRules['expand']): number {
  const mode = expand(value);
  if (/^[0-7]{3,4}$/.test(mode)) return Number.parseInt(mode, 8);
  throw new StatementFault(
    `Cannot give files the mode ${quote(mode)}`,
    'Write three or four octal digits: --chmod=0644',
    place,
  );
}

function unknownFlag(keyword: string, { name, place }: StatementFlag): StatementFault {
  const remedy =
    name === 'from'
      ? 'Copy from the folder of the Containerfile; an earlier stage is below this one anyway'
      : 'Known are --chown and --chmod';
  return new StatementFault(`Cannot use --${name} of ${keyword}`, remedy, place);
}
