import type { HostResult } from './news.ts';
import type { StormOptions } from './plan.ts';
import { type Counts, MARKS, type Mark } from './record.ts';

/** Percentiles by nearest rank, and the largest value. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What the server took. */
export interface ServerUse {
  /** From its start to its readiness, with all host files read. */
  readonly startSeconds: number;
  /** From the first host's start to the last one's end, its children included. */
  readonly cpuSeconds: number;
  /** The largest resident set of its process (VmHWM). */
  readonly peakRssBytes: number;
  /** Lines of its log at level error and above, the first five of them. */
  readonly errors: { readonly count: number; readonly first: readonly string[] };
}

/** A storm as it was. */
export interface StormOutcome {
  readonly versions: Readonly<Record<'bivouac' | 'node' | 'kernel', string>>;
  readonly options: StormOptions;
  readonly results: readonly HostResult[];
  readonly probe?: { readonly answers: readonly number[]; readonly lost: number };
  readonly server: ServerUse;
  readonly wallSeconds: number;
}

/** The report of a storm: what `--json` prints. Times of marks are seconds, of answers milliseconds. */
export interface StormReport {
  readonly ok: boolean;
  readonly versions: StormOutcome['versions'];
  readonly options: StormOptions;
  readonly hosts: number;
  readonly completed: number;
  readonly failed: number;
  /** The first five. */
  readonly failures: readonly { readonly host: string; readonly reason: string }[];
  readonly wallSeconds: number;
  readonly times: Readonly<Record<Mark, Spread>>;
  readonly bytes: Readonly<Record<'dhcp' | 'tftp' | 'http', number>>;
  /** What hosts met with, those that got over it included; the ten most frequent. */
  readonly troubles: readonly { readonly what: string; readonly count: number }[];
  /** Answers by class: `2xx`. */
  readonly httpStatuses: Readonly<Record<string, number>>;
  readonly retries: Readonly<Record<'dhcp' | 'tftp' | 'http' | 'restarts', number>>;
  readonly files: { readonly checked: number; readonly hashed: number };
  readonly dhcpAnswers: Spread;
  readonly dhcpProbe?: Spread & { readonly lost: number };
  readonly server: ServerUse;
}

const SHOWN_FAILURES = 5;
const SHOWN_TROUBLES = 10;

/** Sum up a storm. It is well when every host is healthy and no answer was a 5xx. */
export function summarise(outcome: StormOutcome): StormReport {
  const { versions, options, results, probe, server, wallSeconds } = outcome;
  const failed = results.filter(({ phase }) => phase !== 'healthy');
  const completed = results.length - failed.length;
  const httpStatuses = statusClasses(results);
  const sum = (count: keyof Counts): number => results.reduce((all, { counts }) => all + counts[count], 0);
  return {
    ok: completed === options.hosts && (httpStatuses['5xx'] ?? 0) === 0,
    versions,
    options,
    hosts: options.hosts,
    completed,
    failed: options.hosts - completed,
    failures: failed.slice(0, SHOWN_FAILURES).map(failureOf),
    wallSeconds: round(wallSeconds),
    times: timesOf(results),
    bytes: { dhcp: sum('dhcpBytes'), tftp: sum('tftpBytes'), http: sum('httpBytes') },
    troubles: troublesOf(results),
    httpStatuses,
    retries: {
      dhcp: sum('dhcpRetries'),
      tftp: sum('tftpRetries'),
      http: sum('httpRetries'),
      restarts: sum('restarts'),
    },
    files: { checked: sum('files'), hashed: sum('hashed') },
    dhcpAnswers: spreadOf(results.flatMap(({ dhcpAnswers }) => dhcpAnswers)),
    ...(probe === undefined ? {} : { dhcpProbe: { ...spreadOf(probe.answers), lost: probe.lost } }),
    server,
  };
}

/** Percentiles of some values; zeros when there are none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function timesOf(results: readonly HostResult[]): StormReport['times'] {
  const spread = (mark: Mark): Spread =>
    spreadOf(results.flatMap(({ marks }) => (marks[mark] === undefined ? [] : [marks[mark] / 1000])));
  const [nbp, script, rootMounted, healthy] = MARKS;
  return {
    [nbp]: spread(nbp),
    [script]: spread(script),
    [rootMounted]: spread(rootMounted),
    [healthy]: spread(healthy),
  };
}

function statusClasses(results: readonly HostResult[]): Record<string, number> {
  const classes: Record<string, number> = {};
  for (const [status, count] of results.flatMap(({ statuses }) => Object.entries(statuses))) {
    const name = `${status.slice(0, 1)}xx`;
    classes[name] = (classes[name] ?? 0) + count;
  }
  return classes;
}

function troublesOf(results: readonly HostResult[]): StormReport['troubles'] {
  const counts = new Map<string, number>();
  for (const [what, count] of results.flatMap(({ faults }) => Object.entries(faults))) {
    counts.set(what, (counts.get(what) ?? 0) + count);
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a);
  return sorted.slice(0, SHOWN_TROUBLES).map(([what, count]) => ({ what, count }));
}

function failureOf({ name, phase, fault }: HostResult): StormReport['failures'][number] {
  const reason = fault ?? 'no fault seen';
  return { host: name, reason: phase === 'failed' ? reason : `time was up in phase ${phase}: ${reason}` };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
