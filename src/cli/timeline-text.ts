import type { BootOutcome, Timeline, TimelineEntry } from '../fleet/timeline.ts';
import { formatBytes, formatSeconds, formatTime, paint, printable } from './format.ts';

const OUTCOME_STYLE: Record<BootOutcome, 'green' | 'yellow' | 'red'> = {
  healthy: 'green',
  booting: 'yellow',
  stalled: 'red',
  degraded: 'red',
  failed: 'red',
};

/** A boot as the lines a person reads: what happened when, sizes and rates, and how it ended. */
export function timelineText(timeline: Timeline): string {
  return [...headLines(timeline), '', ...timeline.entries.map(entryLine)].join('\n');
}

function headLines(timeline: Timeline): string[] {
  const outcome = paint(OUTCOME_STYLE[timeline.outcome], timeline.outcome);
  const lines = [
    `${paint('bold', timeline.host ?? 'unknown host')}  ${timeline.mac}  boot ${timeline.boot}`,
    `${formatTime(timeline.startedAt)}  ${outcome} after ${formatSeconds(timeline.seconds)}`,
  ];
  if (timeline.release !== undefined) lines.push(`release ${timeline.release}`);
  if (timeline.reason !== undefined) lines.push(`${paint('red', 'reason')}: ${printable(timeline.reason)}`);
  if (timeline.expected !== undefined)
    lines.push(`reached: ${timeline.stage ?? 'nothing'}; expected next: ${timeline.expected}`);
  return lines;
}

/** One step of a boot as one line: when, by what, and the size and rate of a transfer. */
export function entryLine(entry: TimelineEntry): string {
  const time = `${entry.seconds.toFixed(1)} s`.padStart(9);
  const head = `${time}  ${entry.source.padEnd(6)}  ${printable(entry.text)}`;
  return [head.padEnd(78), ...transferCells(entry)].join('  ').trimEnd();
}

function transferCells(entry: TimelineEntry): string[] {
  if (entry.bytes === undefined) return [];
  const cells = [formatBytes(entry.bytes).padStart(9)];
  if (entry.took !== undefined) cells.push(`in ${formatSeconds(entry.took)}`.padEnd(10));
  if (entry.rate !== undefined) cells.push(`${formatBytes(entry.rate)}/s`.padStart(11));
  return cells;
}
