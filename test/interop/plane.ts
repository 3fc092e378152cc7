import { Facts } from '../../src/boot/facts.ts';
import { Holds } from '../../src/boot/holds.ts';
import { OtherServers } from '../../src/boot/other-servers.ts';
import { Pools } from '../../src/boot/pools.ts';
import type { SnapshotSource } from '../../src/ports/snapshot.ts';
import type { DatagramLogger } from '../../src/servers/quiet-log.ts';
import { FakeBootRecorder } from '../fakes/boot-recorder.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';

/** Print a line of JSON, as programs of a namespace do for the test that started them. */
export function print(level: string): (fields: unknown, message?: unknown) => void {
  return (fields, message) => console.log(JSON.stringify({ at: Date.now(), level, message, fields }));
}

/** Logs by {@link print}. */
export const logger: DatagramLogger = {
  debug: print('debug'),
  info: print('info'),
  warn: print('warn'),
  error: print('error'),
};

/** What DHCP is served from, without disk. */
export function planeWorld<S extends SnapshotSource>(snapshots: S) {
  const clock = { now: () => Date.now() };
  const recorder = new FakeBootRecorder();
  const facts = new Facts({ recorder, clock, onError: print('error') });
  const leases = new FakeLeaseStore();
  const holds = new Holds();
  const others = new OtherServers();
  return { snapshots, recorder, leases, facts, clock, holds, others, pools: new Pools({ leases, holds }) };
}
