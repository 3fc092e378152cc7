import { expect, test } from 'vitest';
import { type Ipv4, type Mac, parseIpv4, parseMac } from '../../src/core/address.ts';
import { type Host, type HostName, parseHostName } from '../../src/core/host.ts';
import { type ImageName, STABLE } from '../../src/core/image.ts';
import { conflictsOf, inventoryOf } from '../../src/core/inventory.ts';

function host(name: string, mac: string, address?: string): Host {
  const reserved = address === undefined ? {} : { address: parseIpv4(address) as Ipv4 };
  return {
    name: parseHostName(name) as HostName,
    macs: [parseMac(mac) as Mac],
    ...reserved,
    image: 'web' as ImageName,
    channel: STABLE,
    cmdline: [],
    variables: {},
    source: { kind: 'api' },
  };
}

const inventory = inventoryOf([host('a', '520000000001', '10.0.0.1'), host('b', '520000000002', '10.0.0.2')]);

test('inventoryOf() finds a host by each of its keys', () => {
  expect(inventory.byMac.get(parseMac('52:00:00:00:00:02') as Mac)?.name).toBe('b');
  expect(inventory.byAddress.get(parseIpv4('10.0.0.1') as Ipv4)?.name).toBe('a');
});

test('conflictsOf() names every key that another host owns', () => {
  const conflicts = conflictsOf(host('c', '520000000001', '10.0.0.2'), inventory);
  expect(conflicts.map(({ key, owner }) => [key, owner.name])).toEqual([
    ['mac', 'a'],
    ['address', 'b'],
  ]);
});

test('conflictsOf() lets a host keep its own keys', () => {
  expect(conflictsOf(host('a', '520000000001', '10.0.0.1'), inventory)).toEqual([]);
});
