import { expect, it } from 'vitest';
import type { Ipv4, Mac } from '../../src/core/address.ts';
import type { AddressProbe } from '../../src/ports/address-probe.ts';
import { aHost, aLease, aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { aMessage, ask, aWorld, short, type TestWorld, taking } from './world.ts';

const squatter = mac('52:54:00:99:99:99');

/** A link on which these addresses are in use. */
class FakeProbe implements AddressProbe {
  readonly asked: string[] = [];
  readonly #used: ReadonlyMap<string, Mac>;

  constructor(used: Readonly<Record<string, Mac>> = {}) {
    this.#used = new Map(Object.entries(used));
  }

  whoHas(address: Ipv4, from: Ipv4): Promise<Mac | undefined> {
    this.asked.push(`${address} from ${from}`);
    return Promise.resolve(this.#used.get(address));
  }
}

function linkWorld(
  probe: AddressProbe,
  given: Parameters<typeof aWorld>[0] = {},
  leases = [] as ReturnType<typeof aLease>[],
): TestWorld {
  const { address: _, ...host } = aHost();
  return { ...aWorld({ hosts: [host], ...given }, leases), probe };
}

async function offered(world: TestWorld): Promise<string> {
  return short(await ask(world, aMessage('DISCOVER')));
}

it('C11: offers another address when the first is in use, and keeps the first from everyone', async () => {
  const first = (await offered(aWorldWithout())).replace('OFFER ', '');
  const probe = new FakeProbe({ [first]: squatter });
  const world = linkWorld(probe);
  const second = await offered(world);
  expect(second).toMatch(/^OFFER /);
  expect(second).not.toBe(`OFFER ${first}`);
  expect(world.leases.findByAddress(ip(first))).toMatchObject({ state: 'conflict', mac: squatter });
  await world.facts.settled();
  expect(world.recorder.facts[0]).toEqual({
    kind: 'conflict',
    why: `${first} is in use by ${squatter}, so nobody is given it for ten minutes`,
  });
  world.clock.time += 10 * 60_000;
  expect(world.leases.findByAddress(ip(first))?.expiresAt).toBeLessThanOrEqual(world.clock.time);
});

function aWorldWithout(): TestWorld {
  return linkWorld(new FakeProbe());
}

it('gives up after three addresses that are in use', async () => {
  const everywhere: AddressProbe = { whoHas: () => Promise.resolve(squatter) };
  const world = linkWorld(everywhere);
  expect(await offered(world)).toBe('ignored: address-conflict');
  expect(world.leases.commits).toHaveLength(3);
});

it('asks nothing for a client with a lease of its own, a relayed one, or where it is switched off', async () => {
  const probe = new FakeProbe();
  const leased = aLease({ address: ip('10.77.0.150'), expiresAt: 0 });
  expect(await offered(linkWorld(probe, {}, [leased]))).toBe('OFFER 10.77.0.150');
  const relayed = aMessage('DISCOVER', { giaddr: ip('10.77.0.254') });
  expect(short(await ask(linkWorld(probe), relayed))).toMatch(/^OFFER/);
  const off = aPolicy({ subnets: [aSubnet({ probe: false })] });
  expect(await offered(linkWorld(probe, { policy: off }))).toMatch(/^OFFER/);
  expect(probe.asked).toEqual([]);
});

it('asks once before a reservation is first offered, and no more once it is leased', async () => {
  const probe = new FakeProbe();
  const world = linkWorld(probe, { hosts: [aHost()] });
  expect(await offered(world)).toBe('OFFER 10.77.0.11');
  expect(probe.asked).toEqual(['10.77.0.11 from 10.77.0.1']);
  await ask(world, aMessage('REQUEST', { options: taking(ip('10.77.0.11')) }));
  expect(await offered(world)).toBe('OFFER 10.77.0.11');
  expect(probe.asked).toHaveLength(1);
});

it('does not take the client itself, which kept its address, for another machine', async () => {
  const world = linkWorld({ whoHas: () => Promise.resolve(mac()) });
  expect(await offered(world)).toMatch(/^OFFER/);
});
