import { expect, it } from 'vitest';
import { parseSubnet } from '../../src/core/address.ts';
import type { ServedSubnet } from '../../src/core/subnet.ts';
import { dhcpListeners, linkOf, linksNow } from '../../src/servers/dhcp-listeners.ts';
import { aPolicy, aSubnet, ip } from '../builders.ts';

function subnetAt(network: string, server: string, mode: ServedSubnet['mode'] = 'full'): ServedSubnet {
  const subnet = parseSubnet(network);
  return aSubnet({ ...(subnet && { subnet }), serverAddress: ip(server), mode });
}

it('each own address once; those of no subnet of theirs are reached by relay agents; off is off', () => {
  const policy = aPolicy({
    subnets: [
      subnetAt('10.77.0.0/24', '10.77.0.1'),
      subnetAt('10.78.0.0/24', '10.78.0.1', 'proxy'),
      subnetAt('10.79.0.0/24', '10.77.0.1', 'auto'),
      subnetAt('10.80.0.0/24', '10.81.0.1'),
      subnetAt('10.82.0.0/24', '10.82.0.1', 'off'),
    ],
  });
  expect(dhcpListeners(policy)).toEqual([
    { address: '10.77.0.1', isDirect: true, isProxy: true },
    { address: '10.78.0.1', isDirect: true, isProxy: true },
    { address: '10.81.0.1', isDirect: false, isProxy: false },
  ]);
});

it('the loopback link has all of 127.0.0.0/8', () => {
  const links = linksNow();
  expect(linkOf(ip('127.0.0.1'), links)).toMatchObject({ device: 'lo', index: expect.any(Number) });
  expect(linkOf(ip('127.9.9.9'), links)).toEqual(linkOf(ip('127.0.0.1'), links));
  expect(linkOf(ip('240.0.0.1'), links)).toBeUndefined();
});
