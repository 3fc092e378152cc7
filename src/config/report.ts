import { relative } from 'node:path';
import { styleText } from 'node:util';
import type { ConfigFault } from './fault.ts';

const MAX_SHOWN = 100;
const WIDTH = 120;

/** How a report looks. */
export interface ReportOptions {
  /** Paths below it are shown relative to it. */
  readonly directory?: string;
  /** Whether to use colours; a terminal only. */
  readonly colour?: boolean;
}

/** Every fault with its place, its line, a caret and a remedy, as a person reads it. */
export function reportText(faults: readonly ConfigFault[], options: ReportOptions = {}): string {
  const shown = faults.slice(0, MAX_SHOWN).map((fault) => faultText(fault, options));
  const rest = faults.length - shown.length;
  const count = `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
  return [...shown, rest > 0 ? `${count}, ${rest} of them not shown` : count].join('\n\n');
}

/** A fault on one line: for a log, where the text of the file has no place. */
export function faultLine(fault: ConfigFault, directory?: string): string {
  const remedy = fault.remedy === undefined ? '' : ` (${fault.remedy})`;
  return printable(`${placeText(fault, directory)}: ${fault.message}${remedy}`).slice(0, 1000);
}

/** A fault as a JSON value of `check --json`. */
export function faultJson(fault: ConfigFault): Readonly<Record<string, string | number | null>> {
  return {
    file: fault.file,
    line: fault.place?.line ?? null,
    column: fault.place?.column ?? null,
    message: fault.message,
    remedy: fault.remedy ?? null,
  };
}

function faultText(fault: ConfigFault, options: ReportOptions): string {
  const paint = (style: 'bold' | 'red' | 'cyan', text: string) =>
    options.colour === true ? styleText(style, text, { validateStream: false }) : text;
  const head = paint('bold', printable(placeText(fault, options.directory)));
  const lines = [`${head}: ${printable(fault.message)}`];
  if (fault.place !== undefined) lines.push(...sourceLines(fault.place, (text) => paint('red', text)));
  if (fault.remedy !== undefined) lines.push(`  ${paint('cyan', 'remedy')}: ${printable(fault.remedy)}`);
  return lines.join('\n');
}

function placeText({ file, place }: ConfigFault, directory: string | undefined): string {
  const below = directory === undefined ? file : relative(directory, file);
  const shown = below === '' || below.startsWith('..') ? file : below;
  return place === undefined ? shown : `${shown}:${place.line}:${place.column}`;
}

/** The line, cut to a window around the column, and a caret below. */
function sourceLines(place: NonNullable<ConfigFault['place']>, paint: (text: string) => string): string[] {
  const start = Math.max(0, Math.min(place.column - 1 - WIDTH / 2, place.source.length - WIDTH));
  const before = printable(place.source.slice(start, place.column - 1));
  const after = printable(place.source.slice(place.column - 1, start + WIDTH));
  const gutter = String(place.line).padStart(5);
  const carets = '^'.repeat(Math.max(1, Math.min(place.length, after.length)));
  return [`${gutter} | ${before}${after}`, `${' '.repeat(5)} | ${' '.repeat(before.length)}${paint(carets)}`];
}

/** What a file holds must not steer the terminal; a tab becomes one blank, so that the caret stands right. */
function printable(text: string): string {
  return text
    .replaceAll('\t', ' ')
    .replace(/\p{Cc}|\p{Bidi_Control}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
