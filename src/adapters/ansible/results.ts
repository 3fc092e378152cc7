import type { PlaybookOutcome } from '../../ports/playbooks.ts';
import { isMapping } from './dynamic.ts';

/** What the callback plugin told of one run, and how the run ended. */
export interface RunRecord {
  /** JSON lines. */
  readonly text: string;
  readonly hosts: readonly string[];
  /** Why `ansible-playbook` failed; undefined when it ended well. */
  readonly failure: string | undefined;
}

interface Told {
  readonly reasons: Map<string, string>;
  readonly counts: Map<string, Readonly<Record<string, unknown>>>;
  isStopped: boolean;
}

/**
 * What became of each host. INVARIANT: a run that failed leaves no host without a reason: one that was going well when
 * the play was stopped for another's sake has not had all its tasks.
 */
export function outcomesOf({ text, hosts, failure }: RunRecord): readonly PlaybookOutcome[] {
  const told = read(text);
  const outcomes = hosts.map((host) => outcomeOf(host, told));
  const isExplained = outcomes.some(({ kind }) => kind === 'failed');
  if (failure === undefined || isExplained) return outcomes;
  return hosts.map((host) => ({ host, kind: 'failed', reason: failure }));
}

function outcomeOf(host: string, { reasons, counts, isStopped }: Told): PlaybookOutcome {
  const count = counts.get(host);
  const reason = reasons.get(host);
  const isFailed =
    count === undefined
      ? reason !== undefined
      : numberOf(count['failures']) + numberOf(count['unreachable']) > 0;
  if (isFailed) return { host, kind: 'failed', reason: reason ?? 'a task failed' };
  if (isStopped) return { host, kind: 'failed', reason: 'the play was stopped because of another host' };
  return { host, kind: count === undefined ? 'untouched' : 'done' };
}

function read(text: string): Told {
  const told: Told = { reasons: new Map(), counts: new Map(), isStopped: false };
  for (const line of text.split('\n')) {
    const event = line === '' ? undefined : parseLine(line);
    if (event === undefined) continue;
    const { host, task, place, message, hosts } = event;
    if (event['event'] === 'stopped') told.isStopped = true;
    if (event['event'] === 'failed' && typeof host === 'string') {
      const where = typeof place === 'string' ? ` (${place})` : '';
      told.reasons.set(host, `task ${JSON.stringify(task)}${where}: ${String(message).replace(/\s+/g, ' ')}`);
    }
    if (event['event'] === 'stats' && isMapping(hosts)) {
      for (const [name, count] of Object.entries(hosts)) if (isMapping(count)) told.counts.set(name, count);
    }
  }
  return told;
}

function parseLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isMapping(value) ? value : undefined;
  } catch {
    return undefined; // the last line of a run that was killed
  }
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The hosts that `ansible --list-hosts` prints, one a line below a heading. */
export function listedHosts(stdout: string): readonly string[] {
  const lines = stdout.split('\n');
  const heading = lines.findIndex((line) => /^\s*hosts \([0-9]+\):$/.test(line));
  return heading < 0
    ? []
    : lines.slice(heading + 1).flatMap((line) => /^\s{4,}(\S+)\s*$/.exec(line)?.[1] ?? []);
}
