import { expect, it } from 'vitest';
import { chooseSubnet } from '../../src/boot/choose-subnet.ts';
import { formatSubnet, parseSubnet } from '../../src/core/address.ts';
import type { DhcpPacket } from '../../src/wire/dhcp/packet.ts';
import { NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import { aPolicy, aSubnet, ip } from '../builders.ts';
import { aMessage } from './world.ts';

const far = parseSubnet('10.78.0.0/24');
const policy = aPolicy({
  subnets: [aSubnet(), aSubnet({ ...(far && { subnet: far }), serverAddress: ip('10.78.0.1') })],
});

function choose(given: Partial<Omit<DhcpPacket, 'options'>>, local?: string): string {
  const request = { packet: aMessage('DISCOVER', given), source: NO_ADDRESS, service: 'dhcp' as const };
  const choice = chooseSubnet({ ...request, ...(local && { local: ip(local) }) }, policy);
  return choice.ok ? formatSubnet(choice.subnet.subnet) : choice.reason;
}

it.each([
  ['B11: a relay outside all subnets', { giaddr: ip('192.168.0.1') }, 'relay-not-served'],
  ['B11: a relay at 127.0.0.1', { giaddr: ip('127.0.0.1') }, 'relay-not-served'],
  ['B11: a relay at the broadcast address', { giaddr: ip('10.77.0.255') }, 'relay-not-served'],
  ['B11: a relay with our own address', { giaddr: ip('10.77.0.1') }, 'relay-not-served'],
  ['a relay inside a subnet', { giaddr: ip('10.78.0.9'), hops: 1 }, '10.78.0.0/24'],
  ['a client that has an address', { ciaddr: ip('10.78.0.9') }, '10.78.0.0/24'],
  ['C7: a client with an address of no subnet', { ciaddr: ip('10.79.0.9') }, 'outside-subnet'],
  ['a client without an address, link unknown', {}, '10.77.0.0/24'],
])('%s', (_name, given, expected) => {
  expect(choose(given)).toBe(expected);
});

it('the link tells the subnet of a client without an address', () => {
  expect(choose({}, '10.78.0.1')).toBe('10.78.0.0/24');
  expect(choose({}, '10.79.0.1')).toBe('outside-subnet');
});
