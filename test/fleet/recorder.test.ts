import { describe, expect, test } from 'vitest';
import { type Mac, parseMac } from '../../src/core/address.ts';
import type { BootFact } from '../../src/core/event.ts';
import { type HostName, parseHostName } from '../../src/core/host.ts';
import { Recorder } from '../../src/fleet/recorder.ts';
import { FakeEventLog } from '../fakes/event-log.ts';

const mac = required(parseMac('52:54:00:77:00:01'));
const host = required(parseHostName('web01'));
const subject: { mac: Mac; host: HostName } = { mac, host };

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('test value is malformed');
  return value;
}

function discover(stage: 'firmware' | 'ipxe' | 'os'): BootFact {
  return { kind: 'dhcp', message: 'DISCOVER', stage };
}

const script: BootFact = { kind: 'script', image: 'web', release: `sha256:${'0'.repeat(64)}` as never };
const nbp: BootFact = {
  kind: 'served',
  by: 'tftp',
  name: 'snponly.efi',
  bytes: 1,
  seconds: 1,
  complete: true,
};
const healthy: BootFact = { kind: 'milestone', milestone: 'healthy' };

function setup(limit?: number) {
  const log = new FakeEventLog();
  const clock = { at: 1_000_000, now: () => clock.at };
  return { log, clock, recorder: new Recorder(log, clock, limit) };
}

async function recordAll(recorder: Recorder, facts: readonly BootFact[]) {
  const ids: string[] = [];
  for (const fact of facts) ids.push(await recorder.record(subject, fact));
  return ids;
}

describe('Recorder', () => {
  test.each(['tftp', 'http'] as const)('keeps all of one power-on in one boot, the NBP by %s', async (by) => {
    const { recorder } = setup();
    const ids = await recordAll(recorder, [
      discover('firmware'),
      discover('firmware'),
      { ...nbp, by },
      discover('ipxe'),
      discover('ipxe'),
      script,
      discover('os'),
      healthy,
    ]);
    expect(new Set(ids).size).toBe(1);
  });

  test('begins a new boot at the DISCOVER after a reset', async () => {
    const { recorder } = setup();
    const ids = await recordAll(recorder, [
      discover('firmware'),
      nbp,
      discover('ipxe'),
      script,
      discover('firmware'),
    ]);
    expect(ids[4]).not.toBe(ids[3]);
  });

  test('begins a new boot when an iPXE ROM starts again after its script', async () => {
    const { recorder } = setup();
    const ids = await recordAll(recorder, [discover('ipxe'), script, discover('ipxe')]);
    expect(ids[2]).not.toBe(ids[1]);
  });

  test('begins a new boot after a minute of silence in the same stage', async () => {
    const { recorder, clock } = setup();
    const first = await recorder.record(subject, discover('firmware'));
    clock.at += 64_001;
    expect(await recorder.record(subject, discover('firmware'))).not.toBe(first);
  });

  test('goes on with the stored boot after a restart of the server', async () => {
    const { recorder, log, clock } = setup();
    const first = await recorder.record(subject, discover('firmware'));
    const restarted = new Recorder(log, clock);
    expect(await restarted.record(subject, nbp)).toBe(first);
    expect(await restarted.record(subject, discover('firmware'))).not.toBe(first);
  });

  test('puts packets that arrive together into one boot', async () => {
    const { recorder } = setup();
    const ids = await Promise.all(
      [discover('firmware'), discover('firmware'), nbp].map((fact) => recorder.record(subject, fact)),
    );
    expect(new Set(ids).size).toBe(1);
  });

  test('does not record lease renewals of a host that has settled', async () => {
    const { recorder, log } = setup();
    await recordAll(recorder, [discover('ipxe'), script, healthy]);
    await recorder.record(subject, { kind: 'dhcp', message: 'ACK', stage: 'os' });
    expect(log.events).toHaveLength(3);
  });

  test('records made-up MACs at a bounded rate', async () => {
    const { recorder, log } = setup();
    for (let index = 0; index < 3000; index++) {
      const stranger = required(parseMac(`020000${index.toString(16).padStart(6, '0')}`));
      await recorder.record({ mac: stranger }, { kind: 'ignored', why: 'unknown-host' });
      await recorder.record({ mac: stranger }, { kind: 'ignored', why: 'unknown-host' });
    }
    expect(log.events.length).toBe(1000);
  });

  test('records all of a made-up host that is served, for a bounded number of them', async () => {
    const { recorder, log } = setup();
    for (let index = 0; index < 3000; index++) {
      const stranger = required(parseMac(`020000${index.toString(16).padStart(6, '0')}`));
      const subject = {
        mac: stranger,
        host: required(parseHostName(`unknown-${index}`)),
        isStranger: true,
      } as const;
      await recorder.record(subject, discover('firmware'));
      await recorder.record(subject, nbp);
    }
    expect(log.events.length).toBe(2000);
  });
});
