import { cpus, loadavg, totalmem } from 'node:os';
import type { BenchResult } from './harness.ts';

/** What figures have to be read with. */
export interface Machine {
  readonly date: string;
  readonly processors: number;
  readonly model: string;
  readonly memoryMiB: number;
  readonly node: string;
  /** How many processes wanted to run, over the minute before; figures of a busy machine say little. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly seconds: number;
  /** Versions of the servers compared with. */
  readonly peers?: Readonly<Record<string, string>>;
}

/** A table for a terminal. */
export function tableOf(results: readonly BenchResult[]): string {
  const table = [['ROW', 'MEDIAN', 'BAR', '', 'RANGE', 'FIGURES'], ...results.map(cellsOf)];
  const width = (column: number): number => Math.max(...table.map((row) => row[column]?.length ?? 0));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(width(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The same as a table of Markdown, with what was done. */
export function markdownTable(results: readonly BenchResult[]): string {
  const rows = results.map((result) => {
    const [name, median, bar, verdict, range, figures] = cellsOf(result);
    return [`\`${name ?? ''}\``, result.work, bar, `**${median ?? ''}**`, verdict, range, figures];
  });
  const head = ['row', 'work', 'bar', 'median', '', 'range', 'each server'];
  return [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => (cell ?? '').replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function cellsOf(result: BenchResult): readonly string[] {
  const { name, unit, value, bar, must, rounds, skipped, error } = result;
  return [
    name,
    value === null ? '-' : withUnit(value, unit),
    `${must === 'at-least' ? '>=' : '<='} ${withUnit(bar, unit)}`,
    verdictOf(result),
    skipped ??
      (error === undefined ? undefined : firstWords(error)) ??
      `${Math.min(...rounds)} to ${Math.max(...rounds)}, ${rounds.length} rounds`,
    figuresOf(result),
  ];
}

/** An error may quote much of what a program printed. */
function firstWords(text: string): string {
  const line = text.split('\n')[0] ?? '';
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

function verdictOf({ ok, skipped }: BenchResult): string {
  if (skipped !== undefined) return 'skipped';
  return ok ? 'ok' : 'NOT OK';
}

function withUnit(value: number, unit: string): string {
  return unit === 'ratio' ? `${value} x` : `${value} ${unit}`;
}

function figuresOf({ figures = {}, figuresUnit = '' }: BenchResult): string {
  const each = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  return each.length === 0 ? '' : `${each.join(', ')} ${figuresUnit}`.trimEnd();
}

/** One line of JSON for each row. */
export function jsonLines(results: readonly BenchResult[]): string {
  return results.map((result) => JSON.stringify(result)).join('\n');
}

/** How many processes want to run, over the last minute. */
export function currentLoad(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2));
}

/** This machine at the end of a run that began at `started`. */
export function machineOf(
  started: Date,
  loadBefore: number,
  peers: Readonly<Record<string, string>>,
): Machine {
  const processors = cpus();
  return {
    date: started.toISOString(),
    processors: processors.length,
    model: processors[0]?.model ?? 'unknown',
    memoryMiB: Math.round(totalmem() / 1024 / 1024),
    node: process.version,
    loadBefore,
    loadAfter: currentLoad(),
    seconds: Math.round((Date.now() - started.getTime()) / 1000),
    ...(Object.keys(peers).length === 0 ? {} : { peers }),
  };
}

/** What a run has written: its machine, then its rows. */
export interface SavedRun {
  readonly machine: Machine;
  readonly results: readonly BenchResult[];
}

/** A run as the text of a file: one line of JSON each. */
export function runText({ machine, results }: SavedRun): string {
  return `${JSON.stringify(machine)}\n${jsonLines(results)}\n`;
}

/** The reverse of {@link runText}. */
export function parseRun(text: string): SavedRun {
  const [machine = '{}', ...lines] = text.trim().split('\n');
  return {
    machine: JSON.parse(machine) as Machine,
    results: lines.map((line) => JSON.parse(line) as BenchResult),
  };
}

/** One sentence about the machine of a run. */
export function machineSentence({ date, processors, model, memoryMiB, node, ...run }: Machine): string {
  const memory = Number.isFinite(memoryMiB) ? `, ${Math.round(memoryMiB / 1024)} GiB` : '';
  const took = Number.isFinite(run.seconds) ? `, ${Math.max(1, Math.round(run.seconds / 60))} min` : '';
  const peers = Object.entries(run.peers ?? {}).map(([name, version]) => `${name} ${version}`);
  const against = peers.length === 0 ? '' : ` Compared with ${peers.join(', ')}.`;
  const load = `load ${run.loadBefore} before, ${run.loadAfter} after`;
  return `${date.slice(0, 10)}: ${processors} x ${model}${memory}, Node.js ${node.slice(1)}${took}; ${load}.${against}`;
}
