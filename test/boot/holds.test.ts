import { describe, expect, it } from 'vitest';
import { Holds } from '../../src/boot/holds.ts';
import { aSubnet, ip, mac } from '../builders.ts';

const a = mac('52:54:00:00:00:0a');
const b = mac('52:54:00:00:00:0b');
const address = ip('10.77.0.100');
const { subnet } = aSubnet();
const elsewhere = { network: ip('10.78.0.0'), prefix: 24 };

describe('Holds', () => {
  it('holds an offer for a minute', () => {
    const holds = new Holds();
    holds.hold({ mac: a, address, holder: 'host' }, subnet, 0);
    expect(holds.heldBy(a, subnet, 59_999)).toBe(address);
    expect(holds.holderOf(address, 59_999)).toBe(a);
    expect(holds.heldBy(a, subnet, 60_000)).toBeUndefined();
    expect(holds.holderOf(address, 60_000)).toBeUndefined();
  });

  it('gives an address one holder and a MAC one address', () => {
    const holds = new Holds();
    holds.hold({ mac: a, address, holder: 'host' }, subnet, 0);
    holds.hold({ mac: b, address, holder: 'host' }, subnet, 0);
    expect([holds.heldBy(a, subnet, 1), holds.holderOf(address, 1)]).toEqual([undefined, b]);
    holds.hold({ mac: b, address: ip('10.77.0.101'), holder: 'host' }, subnet, 0);
    expect(holds.holderOf(address, 1)).toBeUndefined();
  });

  it('C3, C4: stays bounded, the oldest making room', () => {
    const holds = new Holds(100);
    for (let at = 0; at < 10_000; at++) {
      const each = ip(`10.1.${at >> 8}.${at & 255}`);
      const from = mac(
        `02:00:00:00:${(at >> 8).toString(16).padStart(2, '0')}:${(at & 255).toString(16).padStart(2, '0')}`,
      );
      holds.hold({ mac: from, address: each, holder: 'stranger' }, subnet, 0);
    }
    expect([...holds.heldByStrangers(subnet, 1)]).toHaveLength(100);
    expect([...holds.addresses()]).toHaveLength(100);
    expect(holds.isHeld(ip('10.1.39.15'))).toBe(true);
  });

  it('keeps the address of a lease that is being written, whoever asks meanwhile', () => {
    const holds = new Holds(2);
    holds.hold({ mac: a, address, holder: 'binding' }, subnet, 0);
    holds.hold({ mac: a, address, holder: 'stranger' }, subnet, 0);
    for (let at = 1; at < 10; at++) {
      holds.hold(
        { mac: mac(`02:00:00:00:00:0${at}`), address: ip(`10.1.0.${at}`), holder: 'stranger' },
        subnet,
        0,
      );
    }
    expect(holds.holderOf(address, 1)).toBe(a);
    expect([...holds.heldByStrangers(subnet, 1)]).toEqual(['10.1.0.9']);
  });

  it('C13: a MAC holds an address in each of two subnets', () => {
    const holds = new Holds();
    holds.hold({ mac: a, address, holder: 'host' }, subnet, 0);
    holds.hold({ mac: a, address: ip('10.78.0.5'), holder: 'host' }, elsewhere, 0);
    expect([holds.heldBy(a, subnet, 1), holds.heldBy(a, elsewhere, 1)]).toEqual([address, '10.78.0.5']);
    holds.release(a, elsewhere);
    expect([holds.heldBy(a, subnet, 1), holds.heldBy(a, elsewhere, 1)]).toEqual([address, undefined]);
  });

  it('C18: an offer does not stand for a day because the clock was set back', () => {
    const holds = new Holds();
    holds.hold({ mac: a, address, holder: 'host' }, subnet, 86_400_000);
    expect(holds.holderOf(address, 0)).toBeUndefined();
    holds.expire(subnet, 0);
    expect(holds.isHeld(address)).toBe(false);
  });

  it('tells of each address whose hold begins or ends', () => {
    const holds = new Holds();
    const told: string[] = [];
    holds.watch((each) => told.push(each));
    holds.hold({ mac: a, address, holder: 'host' }, subnet, 0);
    holds.expire(subnet, 59_999);
    expect(told).toEqual([address]);
    holds.expire(subnet, 60_000);
    expect([told, holds.isHeld(address)]).toEqual([[address, address], false]);
  });
});
