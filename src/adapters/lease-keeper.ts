import { messageOf } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { SqlLeaseStore } from './sql/lease-store.ts';

/** What {@link keepLeases} works on. */
export interface LeaseKeeperOptions {
  readonly leases: Pick<SqlLeaseStore, 'list' | 'commit' | 'remove' | 'obeyReleases'>;
  /** The wall clock. */
  readonly clock: Clock;
  /** Milliseconds of a clock that nobody sets; the system's unless a test says otherwise. */
  readonly elapsed?: () => number;
  /** Seconds of the longest lease given. */
  readonly longestLease: () => number;
  readonly logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
  /** Milliseconds between two looks at what other processes want; a second unless a test says otherwise. */
  readonly interval?: number;
}

const HOUR_MS = 60 * 60_000;
/** What NTP does to a clock is far less; a host that was suspended, or a clock that was set by hand, is more. */
const JUMP_MS = HOUR_MS;
/** A host that comes back within this time gets its address again even if leases are many. */
const REMEMBER_MS = 30 * 24 * HOUR_MS;

/**
 * Obey releases that other processes ordered, before the first client is answered and once in a second, and forget
 * leases that ended a month ago. When the wall clock is set by more than an hour, leases are moved with it: they last as
 * long as their clients were told. Gives what ends that.
 */
export async function keepLeases(options: LeaseKeeperOptions): Promise<() => Promise<void>> {
  const { leases, clock, logger, interval = 1000, elapsed = () => performance.now() } = options;
  let prunedAt = 0;
  let offset = clock.now() - elapsed();
  const work = async (): Promise<void> => {
    const jump = clock.now() - elapsed() - offset;
    offset += jump;
    if (Math.abs(jump) > JUMP_MS) {
      logger.warn({ seconds: Math.round(jump / 1000) }, 'the clock was set: leases are moved with it');
      await moveLeases(options, jump);
    }
    for (const address of await leases.obeyReleases()) logger.info({ address }, 'lease released');
    if (Math.abs(clock.now() - prunedAt) < HOUR_MS) return;
    prunedAt = clock.now();
    const old = leases.list().filter(({ expiresAt }) => expiresAt < prunedAt - REMEMBER_MS);
    await Promise.all(old.map(({ address }) => leases.remove(address)));
  };
  const tryWork = (): Promise<void> =>
    work().catch((error: unknown) => logger.warn({ reason: messageOf(error) }, 'cannot look after leases'));
  let running = tryWork();
  await running;
  const timer = setInterval(() => {
    running = running.then(tryWork);
  }, interval).unref();
  return () => {
    clearInterval(timer);
    return running;
  };
}

/** No lease ends later than one given now: it was given by a clock that was wrong the other way. */
async function moveLeases({ leases, clock, longestLease }: LeaseKeeperOptions, by: number): Promise<void> {
  const latest = clock.now() + longestLease() * 1000;
  const moved = leases.list().map((lease) => {
    const expiresAt = Math.min(lease.expiresAt + by, latest);
    return leases.commit({ ...lease, expiresAt }, { network: lease.address, prefix: 32 });
  });
  await Promise.all(moved);
}
