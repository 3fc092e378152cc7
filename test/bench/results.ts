import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CACHE } from './arena/toolbox.ts';
import { machineSentence, markdownTable, parseRun, runText, type SavedRun } from './report.ts';

const RESULTS = join(import.meta.dirname, 'results');
const DOCUMENT = resolve(import.meta.dirname, '../../docs/performance.md');

/** Keep any run, accepted or not, outside what is tracked. */
export function keepRun(group: string, run: SavedRun): void {
  const folder = join(CACHE, 'runs');
  mkdirSync(folder, { recursive: true });
  const time = run.machine.date.replace(/[:.]/g, '-');
  writeFileSync(join(folder, `${group}-${time}.jsonl`), runText(run));
}

/** Make a run the accepted one of its group, and write the tables. */
export function acceptRun(group: string, run: SavedRun): void {
  mkdirSync(RESULTS, { recursive: true });
  for (const name of readdirSync(RESULTS)) {
    if (name.startsWith(`${group}-`)) rmSync(join(RESULTS, name));
  }
  writeFileSync(join(RESULTS, `${group}-${run.machine.date.slice(0, 10)}.jsonl`), runText(run));
  writeTables();
}

/** Write the tables of docs/performance.md from the accepted runs. */
export function writeTables(): void {
  let text = readFileSync(DOCUMENT, 'utf8');
  for (const name of readdirSync(RESULTS).toSorted()) {
    const group = name.split('-')[0] ?? '';
    text = withTable(text, group, parseRun(readFileSync(join(RESULTS, name), 'utf8')));
  }
  writeFileSync(DOCUMENT, text);
}

/** The document with the table of a group between its marks; throws when it has no such marks. */
export function withTable(text: string, group: string, { machine, results }: SavedRun): string {
  const [begin, end] = [`<!-- bench:${group} -->`, `<!-- /bench:${group} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`Cannot write the table of "${group}": no "${begin}" … "${end}"`);
  const table = `${begin}\n${machineSentence(machine)}\n\n${markdownTable(results)}\n`;
  return text.slice(0, from) + table + text.slice(to);
}
