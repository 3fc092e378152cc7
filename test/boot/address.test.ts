import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressBook, chooseAddress, mayKeep } from '../../src/boot/address.ts';
import { Holds } from '../../src/boot/holds.ts';
import { Pools } from '../../src/boot/pools.ts';
import { type Mac, parseRange } from '../../src/core/address.ts';
import type { Host } from '../../src/core/host.ts';
import { inventoryOf } from '../../src/core/inventory.ts';
import type { Lease } from '../../src/core/lease.ts';
import { aHost, aLease, aPolicy, aSubnet, hostName, ip, mac } from '../builders.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';

const NOW = 1_000_000;
const me = mac('52:54:00:00:00:01');
const other = mac('52:54:00:00:00:02');

function hostOf(given: Partial<Host> = {}): Host {
  const { address: _, ...rest } = aHost({ macs: [me] });
  return { ...rest, ...given };
}

interface Given {
  readonly hosts?: readonly Host[];
  readonly leases?: readonly Lease[];
  readonly pool?: string | null;
}

function book({
  hosts = [hostOf()],
  leases = [],
  pool = '10.77.0.100-10.77.0.102',
}: Given = {}): AddressBook & {
  holds: Holds;
} {
  const { pool: _, ...rest } = aSubnet();
  const range = pool === null ? undefined : parseRange(pool);
  const subnet = { ...rest, ...(range && { pool: range }) };
  const policy = aPolicy({ subnets: [subnet] });
  return { inventory: inventoryOf(hosts), policy, subnet, ...withPools(new FakeLeaseStore(leases)) };
}

function withPools(leases: FakeLeaseStore) {
  const holds = new Holds();
  return { leases, holds, pools: new Pools({ leases, holds }) };
}

function choose(from: AddressBook, given: { mac?: Mac; host?: Host; requested?: string } = {}): string {
  const { requested, ...rest } = given;
  const decision = chooseAddress(
    {
      mac: me,
      host: hostOf(),
      now: NOW,
      ...rest,
      ...(requested === undefined ? {} : { requested: ip(requested) }),
    },
    from,
  );
  return decision.kind === 'address' ? decision.address : decision.reason;
}

const reserved = hostOf({ address: ip('10.77.0.11') });
const leased = (address: string, given: Partial<Lease> = {}) =>
  aLease({ mac: me, address: ip(address), expiresAt: NOW + 1000, ...given });

describe('chooseAddress', () => {
  it('gives a host its reservation, whatever it asks for', () => {
    expect(choose(book({ hosts: [reserved] }), { host: reserved, requested: '10.77.0.101' })).toBe(
      '10.77.0.11',
    );
  });

  it('keeps the address that the MAC has or had, also after it expired', () => {
    expect(choose(book({ leases: [leased('10.77.0.101')] }))).toBe('10.77.0.101');
    expect(
      choose(book({ leases: [leased('10.77.0.101', { expiresAt: 1 })] }), { requested: '10.77.0.102' }),
    ).toBe('10.77.0.101');
  });

  it('honours option 50 when that address is free in the pool', () => {
    expect(choose(book(), { requested: '10.77.0.102' })).toBe('10.77.0.102');
    const taken = book({ leases: [leased('10.77.0.102', { mac: other })] });
    expect(choose(taken, { requested: '10.77.0.102' })).not.toBe('10.77.0.102');
  });

  it.each(['10.77.0.0', '10.77.0.255', '10.77.0.1', '10.77.0.50', '8.8.8.8', '10.77.0.11'])(
    'B15: does not give %s on request',
    (requested) => {
      const hosts = [hostOf(), aHost({ name: hostName('db'), macs: [other], address: ip('10.77.0.11') })];
      expect(choose(book({ hosts }), { requested })).toMatch(/^10\.77\.0\.10[012]$/);
    },
  );

  it('C15: never takes a reserved address from the pool', () => {
    const hosts = [hostOf(), aHost({ name: hostName('db'), macs: [other], address: ip('10.77.0.100') })];
    const leases = [leased('10.77.0.101', { mac: other })];
    expect(choose(book({ hosts, leases }), { requested: '10.77.0.100' })).toBe('10.77.0.102');
    expect(choose(book({ hosts, pool: '10.77.0.100-10.77.0.100' }))).toBe('pool-exhausted');
  });

  it('never gives the server, router or DNS address of the pool', () => {
    expect(choose(book({ pool: '10.77.0.0-10.77.0.1' }))).toBe('pool-exhausted');
  });

  it('reuses the longest expired address when none is unused', () => {
    const leases = ['10.77.0.100', '10.77.0.101', '10.77.0.102'].map((address, at) =>
      leased(address, { mac: mac(`52:54:00:00:01:0${at}`), expiresAt: [900, 100, NOW + 1][at] ?? 0 }),
    );
    expect(choose(book({ leases }))).toBe('10.77.0.101');
  });

  it('falls back to the pool while a reservation is leased elsewhere or in quarantine', () => {
    const leases = [leased('10.77.0.11', { mac: other })];
    expect(choose(book({ hosts: [reserved], leases }), { host: reserved })).toMatch(/^10\.77\.0\.10/);
    expect(choose(book({ hosts: [reserved], leases, pool: null }), { host: reserved })).toBe(
      'reservation-in-use',
    );
    const declined = book({ hosts: [reserved], leases: [leased('10.77.0.11', { state: 'declined' })] });
    expect(choose(declined, { host: reserved })).toMatch(/^10\.77\.0\.10/);
  });

  it('says why there is none', () => {
    expect(choose(book({ pool: null }))).toBe('no-pool');
    const leases = ['0', '1', '2'].map((last) =>
      leased(`10.77.0.10${last}`, { mac: mac(`52:54:00:00:01:0${last}`) }),
    );
    expect(choose(book({ leases }))).toBe('pool-exhausted');
  });

  it('C3: a known host takes an address that is only offered to a stranger; a stranger does not', () => {
    const flooded = book();
    for (const last of ['0', '1', '2']) {
      const stranger = mac(`02:00:00:00:00:0${last}`);
      flooded.holds.hold(
        { mac: stranger, address: ip(`10.77.0.10${last}`), holder: 'stranger' },
        flooded.subnet.subnet,
        NOW,
      );
    }
    expect(choose(flooded)).toBe('10.77.0.100');
    expect(choose(flooded, { mac: mac('02:00:00:00:00:99') })).toBe('pool-exhausted');
  });

  it('never gives one address to two MACs', async () => {
    const events = fc.array(
      fc.record({ who: fc.nat(5), asks: fc.nat(4), binds: fc.boolean(), wait: fc.nat(40_000) }),
      {
        maxLength: 60,
      },
    );
    await fc.assert(
      fc.asyncProperty(events, async (list) => {
        const hosts = ['0', '1', '2', '3'].map((each) => hostOf({ macs: [mac(`52:54:00:00:00:0${each}`)] }));
        const leases = new FakeLeaseStore();
        const from = { ...book({ hosts }), ...withPools(leases) };
        const live = new Map<string, { mac: string; until: number }>();
        let now = NOW;
        for (const { who, asks, binds, wait } of list) {
          now += wait;
          const from_ = mac(`52:54:00:00:00:0${who}`);
          const question = {
            mac: from_,
            host: hostOf({ macs: [from_] }),
            requested: ip(`10.77.0.10${asks}`),
            now,
          };
          const choice = chooseAddress(question, from);
          if (choice.kind === 'none') continue;
          const lessee = live.get(choice.address);
          if (lessee !== undefined && lessee.until > now) expect(lessee.mac).toBe(from_);
          const holder = who > 3 ? ('stranger' as const) : ('host' as const);
          from.holds.hold({ mac: from_, address: choice.address, holder }, from.subnet.subnet, now);
          if (!binds) continue;
          await leases.commit({
            mac: from_,
            address: choice.address,
            expiresAt: now + 200_000,
            state: 'bound',
          });
          live.set(choice.address, { mac: from_, until: now + 200_000 });
        }
      }),
    );
  });
});

describe('mayKeep', () => {
  const question = { mac: me, host: reserved, now: NOW };
  const address = ip('10.77.0.101');

  it('lets a running host keep its lease although a reservation was made for it', () => {
    expect(mayKeep(question, address, book({ hosts: [reserved], leases: [leased('10.77.0.101')] }))).toBe(
      true,
    );
  });

  it('does not let it keep what another host has reserved, or what it never had', () => {
    const hosts = [reserved, aHost({ name: hostName('db'), macs: [other], address })];
    expect(mayKeep(question, address, book({ hosts, leases: [leased('10.77.0.101')] }))).toBe(false);
    expect(mayKeep(question, address, book())).toBe(false);
    expect(mayKeep(question, address, book({ leases: [leased('10.77.0.101', { state: 'declined' })] }))).toBe(
      false,
    );
  });
});
