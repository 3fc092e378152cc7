import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAddress } from '../../src/boot/address.ts';
import { Holds } from '../../src/boot/holds.ts';
import { Pools } from '../../src/boot/pools.ts';
import {
  ipv4FromNumber,
  ipv4ToNumber,
  macFromBytes,
  parseRange,
  parseSubnet,
} from '../../src/core/address.ts';
import type { Host } from '../../src/core/host.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import { aHost, aLease, aPolicy, aSubnet, hostName, ip, mac } from '../builders.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { naiveChoice } from './naive-address.ts';

function aBook(pool: string, network = '10.77.0.0/24') {
  const range = parseRange(pool);
  const subnet = parseSubnet(network);
  if (range === undefined || subnet === undefined) throw new Error('Test value is malformed');
  const served = aSubnet({ subnet, pool: range, dns: [ip('10.77.0.103')] });
  const policy = aPolicy({ subnets: [served] });
  const leases = new FakeLeaseStore();
  const holds = new Holds(8);
  const pools = new Pools({ leases, holds });
  return { inventory: inventoryOf([]), policy, subnet: served, leases, holds, pools };
}

/** MACs in the order of their numbers. */
function macOf(number: number) {
  return macFromBytes(Uint8Array.of(2, 0, number >>> 24, number >>> 16, number >>> 8, number));
}

const HOSTS = [0, 1, 2].map((at) => {
  const host = aHost({ name: hostName(`h${at}`), macs: [macOf(at)], address: ip('10.77.0.105') });
  return at === 0 ? host : without(host);
});

function without(host: Host): Host {
  const { address: _, ...rest } = host;
  return rest;
}

const step = fc.record({
  who: fc.nat(14),
  asks: fc.nat(20),
  what: fc.constantFrom('offer', 'bind', 'release', 'decline', 'forget', 'register', 'wait'),
  wait: fc.nat(90_000),
});

describe('Pools', () => {
  it('answers as a plain search does, whatever happened before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        let book = aBook('10.77.0.100-10.77.0.111');
        let now = 1_000_000;
        for (const { who, asks, what, wait } of steps) {
          now += what === 'wait' ? wait : 1;
          const host = HOSTS[who] ?? aHost({ macs: [macOf(who)], address: ip('10.9.9.9') });
          const requested = ip(`10.77.0.${95 + asks}`);
          const question = { mac: macOf(who), host: who === 0 ? host : without(host), requested, now };
          const expected = naiveChoice(question, book);
          const choice = chooseAddress(question, book);
          expect(choice).toEqual(expected);
          const address = choice.kind === 'address' ? choice.address : requested;
          const lease = aLease({ mac: question.mac, address, expiresAt: now + 120_000 });
          const { subnet } = book.subnet;
          if (what === 'register') book = { ...book, inventory: inventoryOf(HOSTS.slice(0, 1 + (asks % 3))) };
          if (what === 'forget') await book.leases.remove(requested);
          if (choice.kind === 'none') continue;
          const holder = who < 3 ? ('host' as const) : ('stranger' as const);
          if (what === 'offer') book.holds.hold({ mac: question.mac, address, holder }, subnet, now);
          if (what === 'bind') await book.leases.commit(lease, subnet);
          if (what === 'bind') book.holds.release(question.mac, subnet);
          if (what === 'release') await book.leases.commit({ ...lease, expiresAt: now }, subnet);
          if (what === 'decline') await book.leases.commit({ ...lease, state: 'declined' }, subnet);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('C3: a million made-up MACs leave memory bounded, and room for a host', async () => {
    const book = aBook('10.77.4.0-10.77.83.255', '10.77.0.0/16');
    const known = aHost({ macs: [mac()], address: ip('10.77.0.11') });
    const { address: _, ...poolHost } = aHost({ name: hostName('db'), macs: [mac('52:54:00:77:00:02')] });
    const full = { ...book, inventory: inventoryOf([known, poolHost]) };
    const { subnet } = book.subnet;
    for (let at = 0; at < 1_000_000; at++) {
      const from = macOf(at);
      const choice = chooseAddress({ mac: from, host: poolHost, now: at / 100 }, full);
      if (choice.kind === 'none') throw new Error('The flood fills the pool');
      book.holds.hold({ mac: from, address: choice.address, holder: 'stranger' }, subnet, at / 100);
    }
    expect([...book.holds.addresses()].length).toBeLessThanOrEqual(8);
    const now = 10_000;
    expect(chooseAddress({ mac: mac(), host: known, now }, full)).toMatchObject({ address: '10.77.0.11' });
    const [other] = poolHost.macs;
    expect(chooseAddress({ mac: other, host: poolHost, now }, full)).toMatchObject({ kind: 'address' });
    const pool = book.pools.of(full, now + 60_000);
    expect([pool?.unused, [...book.holds.addresses()]]).toEqual([pool?.size, []]);
  });

  it('finds the last free address of a large full pool, and then the one that expired first', async () => {
    const book = aBook('10.77.4.0-10.77.83.255', '10.77.0.0/16');
    const first = ipv4ToNumber(ip('10.77.4.0'));
    const size = 80 * 256;
    const missing = 12_345;
    for (let at = 0; at < size; at++) {
      if (at === missing) continue;
      const expiresAt = at === 77 ? 500 : 2000 + at;
      await book.leases.commit(aLease({ mac: macOf(at), address: ipv4FromNumber(first + at), expiresAt }));
    }
    const ask = { mac: macOf(size + 1), host: aHost({ address: ip('10.9.9.9') }), now: 600 };
    const { address: _, ...host } = ask.host;
    const last = ipv4FromNumber(first + missing);
    expect(chooseAddress({ ...ask, host }, book)).toEqual({ kind: 'address', address: last });
    await book.leases.commit(aLease({ mac: macOf(missing), address: last, expiresAt: 9999 }));
    const expired = ipv4FromNumber(first + 77);
    expect(chooseAddress({ ...ask, host }, book)).toEqual({ kind: 'address', address: expired });
    expect(chooseAddress({ ...ask, host, now: 400 }, book)).toEqual({
      kind: 'none',
      reason: 'pool-exhausted',
    });
  });
});
