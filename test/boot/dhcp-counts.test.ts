import { expect, it } from 'vitest';
import { DhcpCounts } from '../../src/boot/dhcp-counts.ts';
import { Holds } from '../../src/boot/holds.ts';
import { poolFill } from '../../src/boot/pool-fill.ts';
import { Pools } from '../../src/boot/pools.ts';
import { parseRange } from '../../src/core/address.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import { aHost, aLease, aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { aMessage, ask, aWorld } from './world.ts';

it('counts messages by type, and by their reply or the reason for none', async () => {
  const counts = new DhcpCounts();
  const world = aWorld();
  for (const chaddr of [mac(), mac(), mac('52:54:00:99:99:99')]) {
    const message = aMessage('DISCOVER', { chaddr });
    counts.count(message, await ask(world, message));
  }
  expect(counts.list()).toEqual([
    { message: 'DISCOVER', outcome: 'OFFER', count: 2 },
    { message: 'DISCOVER', outcome: 'unknown-host', count: 1 },
  ]);
});

it('counts each address of a pool once', () => {
  const pool = parseRange('10.77.0.100-10.77.0.109');
  const subnet = aSubnet(pool && { pool });
  const leases = new FakeLeaseStore([
    aLease({ address: ip('10.77.0.100') }),
    aLease({ address: ip('10.77.0.101'), state: 'declined' }),
    aLease({ address: ip('10.77.0.102'), expiresAt: 1 }),
    aLease({ address: ip('10.77.0.11') }),
  ]);
  const holds = new Holds();
  const pools = new Pools({ leases, holds });
  for (const [at, address] of ['10.77.0.100', '10.77.0.103'].entries())
    holds.hold(
      { mac: mac(`52:54:00:00:00:0${at}`), address: ip(address), holder: 'host' },
      subnet.subnet,
      1000,
    );
  const rules = {
    inventory: inventoryOf([aHost({ address: ip('10.77.0.109') })]),
    policy: aPolicy({ subnets: [subnet] }),
    subnet,
  };
  const fill = poolFill(rules, { pools, holds, leases: leases.list(), now: 1000 });
  expect(fill).toEqual({
    subnet: '10.77.0.0/24',
    size: 9,
    leased: 1,
    quarantined: 1,
    offered: 1,
    free: 6,
  });
});
