import { expect, test } from 'vitest';
import { type Mac, parseMac } from '../../src/core/address.ts';
import { parseDigest } from '../../src/core/artefact.ts';
import type { BootFact, BootId, BootRecord } from '../../src/core/event.ts';
import { timelineOf } from '../../src/fleet/timeline.ts';

const mac = parseMac('52:54:00:77:00:01') as Mac;
const boot = 'boot-1' as BootId;
const release = parseDigest(`sha256:${'a'.repeat(64)}`);
const START = 1_000_000;

function recordOf(facts: readonly (readonly [seconds: number, fact: BootFact])[]): BootRecord {
  const events = facts.map(([seconds, fact]) => ({ boot, mac, at: START + seconds * 1000, fact }));
  return { boot, mac, startedAt: START, events };
}

const discover: BootFact = { kind: 'dhcp', message: 'DISCOVER', stage: 'firmware' };

test('timelineOf() gives size, duration and rate of a transfer', () => {
  const served: BootFact = {
    kind: 'served',
    by: 'http',
    name: 'kernel',
    bytes: 10_000_000,
    seconds: 2,
    complete: true,
  };
  const timeline = timelineOf(
    recordOf([
      [0, discover],
      [3.5, served],
    ]),
    START + 4000,
  );
  expect(timeline.entries[1]).toEqual({
    seconds: 3.5,
    source: 'http',
    text: 'kernel',
    bytes: 10_000_000,
    took: 2,
    rate: 5_000_000,
  });
});

test('timelineOf() names the stage reached and the one expected next', () => {
  const timeline = timelineOf(recordOf([[0, discover]]), START + 1000);
  expect(timeline).toMatchObject({ outcome: 'booting', stage: 'firmware DHCP', expected: 'NBP' });
});

test('timelineOf() calls a boot stalled after two minutes of silence', () => {
  expect(timelineOf(recordOf([[0, discover]]), START + 121_000).outcome).toBe('stalled');
});

test('timelineOf() gives the reason of a failure in the words of the host', () => {
  const failed: BootFact = { kind: 'milestone', milestone: 'failed', detail: 'layer: digest differs' };
  const timeline = timelineOf(
    recordOf([
      [0, discover],
      [9, failed],
    ]),
    START + 10_000,
  );
  expect(timeline).toMatchObject({ outcome: 'failed', reason: 'layer: digest differs' });
});

test('timelineOf() calls a boot healthy although an attempt before had failed', () => {
  const facts: [number, BootFact][] = [
    [0, discover],
    [9, { kind: 'milestone', milestone: 'failed', detail: 'network: no carrier' }],
    [30, { kind: 'milestone', milestone: 'healthy', ...(release === undefined ? {} : { release }) }],
    [99, { kind: 'dhcp', message: 'ACK', stage: 'os' }],
  ];
  const timeline = timelineOf(recordOf(facts), START + 100_000);
  expect(timeline).toMatchObject({ outcome: 'healthy', seconds: 30 });
  expect(timeline.reason).toBeUndefined();
  expect(timeline.expected).toBeUndefined();
});
