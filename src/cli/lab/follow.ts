import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../core/errors.ts';
import type { Host } from '../../core/host.ts';
import { type Timeline, timelineOf } from '../../fleet/timeline.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { PoweredHost } from '../../ports/virtual-host.ts';
import { entryLine } from '../timeline-text.ts';

/** A boot to follow until it settles. */
export interface FollowedBoot {
  readonly host: Host;
  readonly powered: PoweredHost;
  readonly events: EventLog;
  /** Milliseconds since 1970 before which events do not count. */
  readonly since: number;
  /** Seconds until it is given up. */
  readonly limit: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const POLL_MS = 500;

/**
 * Print each event of a boot as it happens; resolves when the host has settled, healthy or degraded. Fails with
 * `command-failed` when the host starts again after a failure, switches itself off, or the time is up; the message
 * tells how far it came.
 */
export async function followBoot(boot: FollowedBoot): Promise<Timeline> {
  const { powered, limit, since, signal } = boot;
  const power = { isOff: false };
  void powered.off.then(undefined, () => undefined).finally(() => (power.isOff = true));
  let printed = 0;
  let latest: Timeline | undefined;
  while (Date.now() - since < limit * 1000) {
    signal.throwIfAborted();
    const wasOff = power.isOff;
    const timeline = await newestTimeline(boot);
    if (timeline !== undefined && timeline.boot !== latest?.boot) {
      if (latest?.outcome === 'failed')
        throw await gaveUp(boot, latest, 'the boot failed, and the host started again');
      printed = 0;
    }
    latest = timeline ?? latest;
    printed = printNew(boot, timeline, printed);
    if (timeline?.outcome === 'healthy' || timeline?.outcome === 'degraded') return timeline;
    if (wasOff) throw await gaveUp(boot, latest, 'the host switched itself off');
    await delay(POLL_MS, undefined, { signal });
  }
  throw await gaveUp(boot, latest, `it took longer than ${limit} s`);
}

async function newestTimeline(boot: FollowedBoot): Promise<Timeline | undefined> {
  const { host, since } = boot;
  const record = await boot.events.latest(host.macs[0]);
  // A power-on soon after another in the same stage counts as a repetition, and so belongs to the boot before.
  const events = record?.events.filter((event) => event.at >= since) ?? [];
  return record === undefined || events.length === 0
    ? undefined
    : timelineOf({ ...record, events }, Date.now());
}

function printNew({ host, say }: FollowedBoot, timeline: Timeline | undefined, printed: number): number {
  if (timeline === undefined) return printed;
  for (const entry of timeline.entries.slice(printed)) say(`${host.name.padEnd(8)} ${entryLine(entry)}`);
  return timeline.entries.length;
}

async function gaveUp(
  { host, powered }: FollowedBoot,
  latest: Timeline | undefined,
  why: string,
): Promise<AppError> {
  const reached = latest?.stage ?? 'nothing: no packet of it was seen';
  const reason = latest?.reason === undefined ? '' : `, reason given: ${latest.reason}`;
  const console = (await readFile(powered.consoleLog, 'latin1').catch(() => '')).slice(-2000);
  return new AppError(
    'command-failed',
    `Cannot boot "${host.name}": ${why}; it reached: ${reached}${reason}`,
    {
      remedy: `Its console is in ${powered.consoleLog} and ends with:\n${console.replace(/[^\t\n\x20-\x7e]/g, '')}`,
    },
  );
}
