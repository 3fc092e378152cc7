import { expect, it } from 'vitest';
import type { TriedRule } from '../../src/boot/trace.ts';
import type { Lease } from '../../src/core/lease.ts';
import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import { aHost, aLease, aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { aMessage, ask, aWorld, taking } from './world.ts';

const NO_RESERVATION = (({ address: _address, ...host }) => host)(aHost());
const OTHER = mac('02:00:00:00:00:01');
const discover = aMessage('DISCOVER');
const asking = aMessage('DISCOVER', { options: [[OPTION.requestedAddress, addresses(ip('10.77.0.150'))]] });

/** The rules about addresses that a message tries, as `+ rule: why`. */
async function rules(
  messages: readonly ReturnType<typeof aMessage>[],
  { host = NO_RESERVATION, leases = [] as readonly Lease[], pool = aSubnet().pool } = {},
): Promise<string[]> {
  const told: TriedRule[] = [];
  const subnet = pool === undefined ? {} : { pool };
  const { pool: _pool, ...bare } = aSubnet();
  const policy = aPolicy({ subnets: [{ ...bare, ...subnet }] });
  const world = { ...aWorld({ hosts: [host], policy }, leases), trace: (rule: TriedRule) => told.push(rule) };
  for (const message of messages) {
    told.length = 0;
    await ask(world, message);
  }
  return told
    .filter(({ step }) => step === 'address')
    .map(({ rule, taken, why }) => `${taken ? '+' : '-'} ${rule}: ${why}`);
}

it('says where an address comes from', async () => {
  expect(await rules([discover], { host: aHost() })).toEqual(['+ reserved for the host: 10.77.0.11']);
  expect(await rules([discover])).toEqual([
    expect.stringMatching(/^\+ never leased, of the pool: 10\.77\.0\.1/),
  ]);
  expect(await rules([asking])).toEqual(['+ asked for by the client, and free: 10.77.0.150']);
  expect(await rules([asking, discover])).toEqual(['+ offered to this MAC before: 10.77.0.150']);
  const leases = [aLease({ address: ip('10.77.0.160') })];
  expect(await rules([discover], { leases })).toEqual(['+ leased to this MAC before: 10.77.0.160']);
});

it('says that the reserved one is in use, and what it is given instead', async () => {
  const leases = [aLease({ mac: OTHER })];
  expect(await rules([asking], { host: aHost(), leases })).toEqual([
    '+ asked for by the client, and free: 10.77.0.150; 10.77.0.11, its own, is in use',
  ]);
});

it('says which address a REQUEST would be granted', async () => {
  const request = aMessage('REQUEST', { options: taking(ip('10.77.0.50')) });
  expect(await rules([request], { host: aHost() })).toEqual(['+ reserved for the host: 10.77.0.11']);
});
