import { describe, expect, it } from 'vitest';
import { Holds } from '../../src/boot/holds.ts';
import { ip, mac } from '../builders.ts';

const a = mac('52:54:00:00:00:0a');
const b = mac('52:54:00:00:00:0b');
const address = ip('10.77.0.100');

describe('Holds', () => {
  it('holds an offer for a minute', () => {
    const holds = new Holds();
    holds.hold({ mac: a, address, holder: 'host' }, 0);
    expect(holds.heldBy(a, 59_999)).toBe(address);
    expect(holds.holderOf(address, 59_999)).toBe(a);
    expect(holds.heldBy(a, 60_000)).toBeUndefined();
    expect(holds.holderOf(address, 60_000)).toBeUndefined();
  });

  it('gives an address one holder and a MAC one address', () => {
    const holds = new Holds();
    holds.hold({ mac: a, address, holder: 'host' }, 0);
    holds.hold({ mac: b, address, holder: 'host' }, 0);
    expect([holds.heldBy(a, 1), holds.holderOf(address, 1)]).toEqual([undefined, b]);
    holds.hold({ mac: b, address: ip('10.77.0.101'), holder: 'host' }, 0);
    expect(holds.holderOf(address, 1)).toBeUndefined();
  });

  it('C3, C4: stays bounded, the oldest making room', () => {
    const holds = new Holds(100);
    for (let at = 0; at < 10_000; at++) {
      const each = ip(`10.1.${at >> 8}.${at & 255}`);
      const from = mac(
        `02:00:00:00:${(at >> 8).toString(16).padStart(2, '0')}:${(at & 255).toString(16).padStart(2, '0')}`,
      );
      holds.hold({ mac: from, address: each, holder: 'stranger' }, 0);
      holds.quarantine(each, 0);
    }
    expect(holds.heldByStrangers(1)).toHaveLength(100);
    expect(holds.isQuarantined(ip('10.1.0.0'), 1)).toBe(false);
    expect(holds.isQuarantined(ip('10.1.39.15'), 1)).toBe(true);
  });

  it('keeps the address of a lease that is being written, whoever asks meanwhile', () => {
    const holds = new Holds(2);
    holds.hold({ mac: a, address, holder: 'binding' }, 0);
    holds.hold({ mac: a, address, holder: 'stranger' }, 0);
    for (let at = 1; at < 10; at++) {
      holds.hold({ mac: mac(`02:00:00:00:00:0${at}`), address: ip(`10.1.0.${at}`), holder: 'stranger' }, 0);
    }
    expect(holds.holderOf(address, 1)).toBe(a);
    expect(holds.heldByStrangers(1)).toEqual(['10.1.0.9']);
  });

  it('quarantines for ten minutes', () => {
    const holds = new Holds();
    expect(holds.quarantine(address, 0)).toBe(600_000);
    expect(holds.isQuarantined(address, 599_999)).toBe(true);
    expect(holds.isQuarantined(address, 600_000)).toBe(false);
  });
});
