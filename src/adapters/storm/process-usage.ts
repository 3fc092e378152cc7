import { readFile } from 'node:fs/promises';

/** What a process has used so far, its ended children's time included. */
export interface ProcessUsage {
  readonly cpuSeconds: number;
  /** Largest resident set, in bytes. */
  readonly peakRssBytes: number;
}

/** USER_HZ, which is 100 on every architecture that Node.js runs on. */
const TICKS_A_SECOND = 100;

/** Usage of a process that runs, from proc(5). */
export async function processUsage(pid: number): Promise<ProcessUsage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name in parentheses may hold anything; fields 14 to 17 are times of it and of its children.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  const peak = /^VmHWM:\s+([0-9]+) kB$/m.exec(status)?.[1];
  return { cpuSeconds: ticks / TICKS_A_SECOND, peakRssBytes: Number(peak ?? 0) * 1024 };
}
