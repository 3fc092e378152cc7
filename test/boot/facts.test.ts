import { expect, it } from 'vitest';
import { Facts, lesseeOf } from '../../src/boot/facts.ts';
import type { BootFact } from '../../src/core/event.ts';
import { aLease, ip, mac } from '../builders.ts';
import { FakeBootRecorder } from '../fakes/boot-recorder.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';

const FACT: BootFact = { kind: 'ignored', why: 'x' };

it('records at most 120 facts of a MAC in a minute', async () => {
  const recorder = new FakeBootRecorder();
  const clock = new FakeClock();
  const facts = new Facts({ recorder, clock, onError: () => undefined });
  for (let at = 0; at < 500; at++) facts.note({ mac: mac() }, FACT);
  facts.note({ mac: mac('52:54:00:77:00:02') }, FACT);
  await facts.settled();
  expect(recorder.records).toHaveLength(121);
  clock.time += 60_000;
  facts.note({ mac: mac() }, FACT);
  await facts.settled();
  expect(recorder.records).toHaveLength(122);
});

it('goes on after a fact that could not be recorded', async () => {
  const recorder = new FakeBootRecorder();
  const errors: unknown[] = [];
  const facts = new Facts({ recorder, clock: new FakeClock(), onError: (error) => errors.push(error) });
  recorder.fails = true;
  facts.note({ mac: mac() }, FACT);
  await facts.settled();
  recorder.fails = false;
  facts.note({ mac: mac() }, FACT);
  await facts.settled();
  expect([errors.length, recorder.records.length]).toEqual([1, 1]);
});

it('knows the lessee of an address while its lease lasts', () => {
  const leases = new FakeLeaseStore([aLease({ expiresAt: 100 })]);
  expect(lesseeOf(ip('10.77.0.11'), leases, 99)).toBe(mac());
  expect(lesseeOf(ip('10.77.0.11'), leases, 100)).toBeUndefined();
  expect(lesseeOf(ip('10.77.0.12'), leases, 99)).toBeUndefined();
});
