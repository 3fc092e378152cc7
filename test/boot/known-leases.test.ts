import { describe, expect, it } from 'vitest';
import { lesseeOf } from '../../src/boot/facts.ts';
import { KnownLeases } from '../../src/boot/known-leases.ts';
import { OtherServers } from '../../src/boot/other-servers.ts';
import type { Ipv4, Mac } from '../../src/core/address.ts';
import type { Lease } from '../../src/core/lease.ts';
import { SUBNET_MODES, type SubnetMode } from '../../src/core/subnet.ts';
import { aLease, aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';

const THEIRS = ip('10.77.0.210');
const OTHER_MAC = mac('52:54:00:77:00:09');

interface Known {
  readonly leases?: readonly Lease[];
  readonly neighbours?: ReadonlyMap<Ipv4, Mac>;
}

function known(mode: SubnetMode, { leases = [], neighbours = new Map() }: Known = {}) {
  const others = new OtherServers();
  const clock = new FakeClock();
  const policy = aPolicy({ subnets: [aSubnet({ mode })] });
  const view = new KnownLeases({
    leases: new FakeLeaseStore(leases),
    others,
    neighbours: { macOf: (address) => neighbours.get(address) },
    policy: () => policy,
    clock,
  });
  const lessee = (address: Ipv4) => lesseeOf(address, view, clock.time);
  return { others, clock, lessee, view };
}

describe('whose address is it?', () => {
  it.each(SUBNET_MODES)('ours counts in mode %s', (mode) => {
    const { lessee } = known(mode, {
      leases: [aLease()],
      neighbours: new Map([[aLease().address, OTHER_MAC]]),
    });
    expect(lessee(aLease().address)).toBe(mac());
  });

  it.each(['proxy', 'auto', 'off'] as const)('mode %s: the neighbour table, else what was seen', (mode) => {
    const seen = ip('10.77.0.211');
    const { lessee, others, clock } = known(mode, { neighbours: new Map([[THEIRS, mac()]]) });
    const { subnet } = aSubnet();
    for (const address of [THEIRS, seen]) others.took({ mac: OTHER_MAC, subnet }, address, clock.time);
    expect([THEIRS, seen, ip('10.77.0.212')].map(lessee)).toEqual([mac(), OTHER_MAC, undefined]);
  });

  it.each(['full', 'reservations-only'] as const)('mode %s: our leases alone', (mode) => {
    const { lessee, others, clock } = known(mode, { neighbours: new Map([[THEIRS, mac()]]) });
    others.sighted(mac(), THEIRS, clock.time);
    expect(lessee(THEIRS)).toBeUndefined();
  });

  it('a lease of another server stays the same one for a while, so that what was made for it can be given again', () => {
    const { view, clock } = known('proxy', { neighbours: new Map([[THEIRS, mac()]]) });
    const first = view.findByAddress(THEIRS);
    clock.time += 5000;
    expect(view.findByAddress(THEIRS)).toBe(first);
    clock.time += 40_000;
    expect(view.findByAddress(THEIRS)).not.toBe(first);
    expect(lesseeOf(THEIRS, view, clock.time)).toBe(mac());
  });

  it('no address outside the served subnets', () => {
    const elsewhere = ip('192.0.2.1');
    const { lessee } = known('off', { neighbours: new Map([[elsewhere, mac()]]) });
    expect(lessee(elsewhere)).toBeUndefined();
  });
});

it('whoever comes for boot data takes it from a second server', () => {
  const { lessee, others, clock } = known('auto');
  const client = { mac: mac(), subnet: aSubnet().subnet, stage: 'firmware' } as const;
  for (let boot = 0; boot < 4; boot++) {
    clock.time += 600_000;
    expect(others.asked(client, clock.time)).toBe(false);
    others.took(client, THEIRS, clock.time);
    expect(lessee(THEIRS)).toBe(mac());
  }
});
