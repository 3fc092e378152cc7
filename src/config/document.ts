import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type YAMLError,
} from 'yaml';
import { messageOf } from '../core/errors.ts';
import type { FaultList, FaultPlace, Path } from './fault.ts';
import { MAX_ALIASES, nodeFaults, STAR_REMEDY, TAG_REMEDY } from './node-faults.ts';

/** One YAML file: its value, and where each part of that stands in the text. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  /** Where the value of a path stands, or its key; the nearest part above it where there is no such value. */
  where(path: Path, part?: 'value' | 'key'): { readonly file: string; readonly place: FaultPlace };
}

/** Parse a YAML 1.2 text; undefined, with faults, when it is none. */
export function parseSource(
  file: string,
  content: Uint8Array,
  faults: FaultList,
): SourceDocument | undefined {
  const text = decode(content);
  if (text === undefined) {
    const where = { file, place: placeOfOtherBytes(content) };
    faults.at(where, 'Cannot read the file: it is not UTF-8', 'Save it as UTF-8');
    return undefined;
  }
  try {
    return parseText(file, text, faults);
  } catch (error) {
    // Nesting deeper than the stack, or too many aliases.
    faults.file(file, `Cannot read the file as YAML: ${messageOf(error)}`, 'Make its structure simpler');
    return undefined;
  }
}

function parseText(file: string, text: string, faults: FaultList): SourceDocument | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    version: '1.2',
    logLevel: 'error',
  });
  const spot = (offset: number, end: number) => ({ file, place: placeOf(text, lines, [offset, end]) });
  const problems = [...document.errors, ...document.warnings];
  for (const problem of problems) {
    const { message, remedy } = explain(problem);
    faults.at(spot(...problem.pos), message, remedy);
  }
  if (problems.length > 0) return undefined;
  const found = nodeFaults(document);
  for (const { range, message, remedy } of found) faults.at(spot(...range), message, remedy);
  if (found.length > 0) return undefined;
  const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  return {
    file,
    value,
    where: (path, part = 'value') => spot(...rangeOf(document, path, part)),
  };
}

function decode(content: Uint8Array): string | undefined {
  try {
    // A byte order mark is dropped, so that columns count what an editor shows.
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
}

/** The first line that is not UTF-8, as far as it can be shown. */
function placeOfOtherBytes(content: Uint8Array): FaultPlace {
  const lines = Buffer.from(content).toString('latin1').split('\n');
  const index = lines.findIndex((line) => decode(Buffer.from(line, 'latin1')) === undefined);
  const source = Buffer.from(lines[index] ?? '', 'latin1').toString('utf8');
  return { line: index + 1, column: Math.max(0, source.indexOf('\ufffd')) + 1, length: 1, source };
}

function placeOf(text: string, lines: LineCounter, [start, end]: [number, number]): FaultPlace {
  const { line, col } = lines.linePos(Math.min(start, text.length));
  const lineStart = lines.lineStarts[line - 1] ?? 0;
  const source = (text.slice(lineStart).split('\n', 1)[0] ?? '').replace(/\r$/, '');
  const length = Math.min(end - start, source.length - (col - 1));
  return { line, column: col, length: Math.max(1, length), source };
}

function explain(problem: YAMLError): { message: string; remedy: string } {
  switch (problem.code) {
    case 'BAD_ALIAS':
      return { message: `Cannot read YAML: ${problem.message}`, remedy: STAR_REMEDY };
    case 'TAB_AS_INDENT':
      return { message: 'A tab cannot indent YAML', remedy: 'Use spaces' };
    case 'MULTIPLE_DOCS':
      return { message: 'The file holds more than one YAML document', remedy: 'Remove the line "---"' };
    case 'TAG_RESOLVE_FAILED':
      return { message: 'A tag has no meaning here', remedy: TAG_REMEDY };
    default:
      return {
        message: `Cannot read YAML: ${problem.message}`,
        remedy: 'Check quotes, colons and indentation',
      };
  }
}

/** Start and end of a part of the text; for what is not there, those of the nearest part above it. */
function rangeOf(document: Document, path: Path, part: 'value' | 'key'): [number, number] {
  let node: unknown = document.contents;
  let range = rangeOfNode(node) ?? [0, 1];
  for (const [index, step] of path.entries()) {
    node = isAlias(node) ? node.resolve(document) : node;
    const found = childOf(node, step);
    if (found === undefined) break;
    const isLast = index === path.length - 1;
    range =
      (isLast && part === 'key' ? rangeOfNode(found.key) : undefined) ?? rangeOfNode(found.value) ?? range;
    // A mapping is best shown by its key: its own range spans many lines.
    if (isMap(found.value) || isSeq(found.value)) range = rangeOfNode(found.key) ?? range;
    node = found.value;
  }
  return range;
}

function childOf(node: unknown, step: string | number): { key: unknown; value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { key: undefined, value };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(step),
  );
  return pair === undefined ? undefined : { key: pair.key, value: pair.value };
}

function rangeOfNode(node: unknown): [number, number] | undefined {
  if (!isNode(node) || !node.range) return undefined;
  return [node.range[0], Math.max(node.range[0], node.range[1])];
}
