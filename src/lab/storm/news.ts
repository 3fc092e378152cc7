import { type HostRecord, PHASES, type Phase } from './record.ts';

/** How many hosts are in each phase. */
export type PhaseCounts = Readonly<Record<Phase, number>>;

/** What a settled host, or one whose time is up, has done. */
export type HostResult = Pick<
  HostRecord,
  'name' | 'phase' | 'fault' | 'faults' | 'counts' | 'statuses' | 'marks' | 'dhcpAnswers'
>;

/** One line that the program of the simulated hosts writes. */
export type StormNews =
  | { readonly kind: 'progress'; readonly phases: PhaseCounts }
  | { readonly kind: 'host'; readonly result: HostResult }
  /** Milliseconds of answers since the line before, and messages that had none in time. */
  | { readonly kind: 'probe'; readonly answers: readonly number[]; readonly lost: number }
  | { readonly kind: 'end' };

/** News as a line of JSON. */
export function newsLine(news: StormNews): string {
  return JSON.stringify(news);
}

/** The news in a line; undefined for any other line, such as a warning of the interpreter. */
export function parseNews(line: string): StormNews | undefined {
  if (!line.startsWith('{"kind":')) return undefined;
  try {
    return JSON.parse(line) as StormNews;
  } catch {
    return undefined;
  }
}

/** How many of the hosts are in each phase. */
export function countPhases(records: readonly Pick<HostRecord, 'phase'>[]): PhaseCounts {
  const counts = new Map<Phase, number>();
  for (const { phase } of records) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  const of = (phase: Phase): number => counts.get(phase) ?? 0;
  return {
    off: of('off'),
    dhcp: of('dhcp'),
    nbp: of('nbp'),
    ipxe: of('ipxe'),
    kernel: of('kernel'),
    'live-root': of('live-root'),
    healthy: of('healthy'),
    failed: of('failed'),
  };
}

/** The counts for a person: `12 dhcp, 40 nbp, 948 healthy`. */
export function phasesText(phases: PhaseCounts): string {
  const parts = PHASES.filter((phase) => phases[phase] > 0).map((phase) => `${phases[phase]} ${phase}`);
  return parts.join(', ');
}
