import { cpus, loadavg } from 'node:os';
import type { BenchResult } from './harness.ts';

/** A table for people. */
export function tableOf(results: readonly BenchResult[]): string {
  const rows = results.map(({ name, unit, value, bar, ok, rounds, error }) => [
    name,
    value === null ? '-' : `${value} ${unit}`,
    `<= ${bar} ${unit}`,
    ok ? 'ok' : 'NOT OK',
    error ?? `${Math.min(...rounds)} to ${Math.max(...rounds)} in ${rounds.length} rounds`,
  ]);
  const table = [['ROW', 'MEDIAN', 'BAR', '', 'RANGE'], ...rows];
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

/** One line of JSON for each row. */
export function jsonLines(results: readonly BenchResult[]): string {
  return results.map((result) => JSON.stringify(result)).join('\n');
}

/** How many processes want to run, over the last minute; figures of a busy machine say little. */
export function currentLoad(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2));
}

/** What figures have to be read with, as a line of JSON; `loadBefore` is that of the start. */
export function machineLine(date: Date, loadBefore: number): string {
  const processors = cpus();
  return JSON.stringify({
    date: date.toISOString(),
    processors: processors.length,
    model: processors[0]?.model ?? 'unknown',
    node: process.version,
    loadBefore,
    loadAfter: currentLoad(),
  });
}
