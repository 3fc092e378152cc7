import type { Mac } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import type { BootEvent, BootFact, BootId, BootRecord } from '../core/event.ts';
import type { HostName } from '../core/host.ts';
import { BOOT_STAGES, type BootStage, rank, stageOf } from './stage.ts';

/** How a boot ended, or that it has not. `stalled`: nothing was heard for two minutes before it settled. */
export type BootOutcome = 'booting' | 'stalled' | 'healthy' | 'degraded' | 'failed';

/** One step of a boot as a person reads it. */
export interface TimelineEntry {
  /** Seconds since the boot's first packet. */
  readonly seconds: number;
  readonly source: 'dhcp' | 'tftp' | 'http' | 'host' | 'server';
  readonly text: string;
  readonly bytes?: number;
  /** Seconds that a transfer took. */
  readonly took?: number;
  /** Bytes a second. */
  readonly rate?: number;
}

/** One boot from its first packet to its end. */
export interface Timeline {
  readonly boot: BootId;
  readonly mac: Mac;
  readonly host?: HostName;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly outcome: BootOutcome;
  /** Seconds from the first packet to the outcome, or to the newest event. */
  readonly seconds: number;
  readonly release?: Digest;
  /** The furthest stage the boot has shown. */
  readonly stage?: BootStage;
  /** What should come next, while the boot has not ended. */
  readonly expected?: BootStage;
  /** Why it failed, in the host's own words. */
  readonly reason?: string;
  readonly entries: readonly TimelineEntry[];
}

const STALLED_MS = 120_000;

/** The timeline of a boot as seen at `now` (milliseconds since 1970). */
export function timelineOf(record: BootRecord, now: number): Timeline {
  const events = [...record.events].sort((a, b) => a.at - b.at);
  const furthest = Math.max(0, ...events.map((event) => rank(stageOf(event.fact))));
  const outcome = outcomeOf(events, now);
  const stage = BOOT_STAGES[furthest - 1];
  const isOver = outcome === 'healthy' || outcome === 'degraded';
  const expected = isOver ? undefined : BOOT_STAGES[furthest];
  const release = releaseOf(events);
  const reason = reasonOf(events);
  return {
    boot: record.boot,
    mac: record.mac,
    ...(record.host === undefined ? {} : { host: record.host }),
    startedAt: record.startedAt,
    outcome,
    seconds: secondsSince(record.startedAt, endOf(events, record.startedAt)),
    ...(release === undefined ? {} : { release }),
    ...(stage === undefined ? {} : { stage }),
    ...(expected === undefined ? {} : { expected }),
    ...(reason === undefined || isOver ? {} : { reason }),
    entries: events.map((event) => entryOf(event, record.startedAt)),
  };
}

function outcomeOf(events: readonly BootEvent[], now: number): BootOutcome {
  const milestones = events.flatMap(({ fact }) => (fact.kind === 'milestone' ? [fact.milestone] : []));
  const settled = milestones.findLast((one) => one === 'healthy' || one === 'degraded');
  if (settled === 'healthy' || settled === 'degraded') return settled;
  if (milestones.at(-1) === 'failed') return 'failed';
  const last = events.at(-1)?.at ?? 0;
  return now - last > STALLED_MS ? 'stalled' : 'booting';
}

function releaseOf(events: readonly BootEvent[]): Digest | undefined {
  return events
    .map(({ fact }) => (fact.kind === 'script' ? fact.release : undefined))
    .findLast((one) => one !== undefined);
}

function reasonOf(events: readonly BootEvent[]): string | undefined {
  const failures = events.flatMap(({ fact }) =>
    fact.kind === 'milestone' && fact.milestone === 'failed' ? [fact.detail ?? 'no reason given'] : [],
  );
  const ignored = events.flatMap(({ fact }) => {
    if (fact.kind === 'pool-exhausted') return [exhaustedText(fact.pool)];
    return fact.kind === 'ignored' ? [fact.why] : [];
  });
  return failures.at(-1) ?? ignored.at(-1);
}

function exhaustedText(pool: string): string {
  return `pool exhausted: no address is free in ${pool}`;
}

function endOf(events: readonly BootEvent[], startedAt: number): number {
  const settled = events.findLast(
    ({ fact }) =>
      fact.kind === 'milestone' && (fact.milestone === 'healthy' || fact.milestone === 'degraded'),
  );
  return (settled ?? events.at(-1))?.at ?? startedAt;
}

function entryOf(event: BootEvent, startedAt: number): TimelineEntry {
  const seconds = secondsSince(startedAt, event.at);
  const { fact } = event;
  switch (fact.kind) {
    case 'dhcp':
      return { seconds, source: 'dhcp', text: dhcpText(fact) };
    case 'ignored':
      return { seconds, source: 'server', text: `ignored: ${fact.why}` };
    case 'pool-exhausted':
      return { seconds, source: 'server', text: exhaustedText(fact.pool) };
    case 'conflict':
      return { seconds, source: 'server', text: `conflict: ${fact.why}` };
    case 'script':
      return {
        seconds,
        source: 'http',
        text: `boot script of image ${fact.image}, release ${fact.release.slice(0, 19)}${fact.instead === undefined ? '' : ` (an earlier one: ${fact.instead})`}`,
      };
    case 'served':
      return {
        seconds,
        source: fact.by,
        text: `${fact.name}${fact.complete ? '' : ' (ended early)'}`,
        ...transfer(fact.bytes, fact.seconds),
      };
    case 'milestone':
      return {
        seconds,
        source: 'host',
        text: milestoneText(fact),
        ...(fact.bytes === undefined ? {} : transfer(fact.bytes, fact.seconds)),
      };
  }
}

function dhcpText(fact: Extract<BootFact, { kind: 'dhcp' }>): string {
  const parts: string[] = [`${fact.message} (${fact.stage === 'ipxe' ? 'iPXE' : fact.stage})`];
  if (fact.address !== undefined) parts.push(fact.address);
  if (fact.bootfile !== undefined) parts.push(`boot ${fact.bootfile}`);
  if (fact.detail !== undefined) parts.push(fact.detail);
  return parts.join(' ');
}

function milestoneText(fact: Extract<BootFact, { kind: 'milestone' }>): string {
  const parts: string[] = [fact.milestone];
  if (fact.subject !== undefined)
    parts.push(fact.subject.startsWith('sha256:') ? fact.subject.slice(0, 19) : fact.subject);
  if (fact.milestone === 'healthy' && fact.release !== undefined) parts.push(fact.release.slice(0, 19));
  if (fact.detail !== undefined) parts.push(`(${fact.detail})`);
  return parts.join(' ');
}

function transfer(bytes: number, took: number | undefined): Pick<TimelineEntry, 'bytes' | 'took' | 'rate'> {
  if (took === undefined) return { bytes };
  return { bytes, took, ...(took > 0 ? { rate: bytes / took } : {}) };
}

function secondsSince(start: number, at: number): number {
  return Math.max(0, at - start) / 1000;
}
