import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  broadcastAddress,
  formatSubnet,
  ipv4FromNumber,
  ipv4ToNumber,
  isUnicastMac,
  isUsableIn,
  macFromBytes,
  macToBytes,
  macWithDashes,
  netmask,
  parseIpv4,
  parseMac,
  parseRange,
  parseSubnet,
  rangeContains,
  subnetContains,
} from '../../src/core/address.ts';

const octets = fc.uint8Array({ minLength: 6, maxLength: 6 });
const word = fc.integer({ min: 0, max: 0xffff_ffff });

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('test value is malformed');
  return value;
}

describe('MAC addresses', () => {
  test.each(['52:54:00:AB:cd:01', '52-54-00-ab-cd-01', '5254.00ab.CD01', '525400abcd01'])(
    'parseMac() reads %s as one canonical form',
    (text) => {
      expect(parseMac(text)).toBe('52:54:00:ab:cd:01');
    },
  );

  test.each([
    '',
    '52:54:00:ab:cd',
    '52:54:00:ab:cd:01:02',
    '52:54-00:ab:cd:01',
    '52:54:00:ab:cd:0g',
    ' 52:54:00:ab:cd:01',
    '52:54:00:ab:cd:01\n',
    '5:5:0:a:c:1',
    '0x525400abcd01',
    'a'.repeat(64),
  ])('parseMac() refuses %j', (text) => {
    expect(parseMac(text)).toBeUndefined();
  });

  test('bytes and text are two forms of one value', () => {
    fc.assert(
      fc.property(octets, (bytes) => {
        const mac = macFromBytes(bytes);
        expect(macToBytes(mac)).toEqual(bytes);
        expect(parseMac(macWithDashes(mac))).toBe(mac);
      }),
    );
  });

  test('isUnicastMac() refuses zero, broadcast and group addresses', () => {
    const verdicts = ['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '52:54:00:00:00:01'].map(
      (text) => isUnicastMac(defined(parseMac(text))),
    );
    expect(verdicts).toEqual([false, false, false, true]);
  });
});

describe('IPv4 addresses', () => {
  test('numbers and text are two forms of one value', () => {
    fc.assert(
      fc.property(word, (value) => {
        const address = ipv4FromNumber(value);
        expect(parseIpv4(address)).toBe(address);
        expect(ipv4ToNumber(address)).toBe(value);
      }),
    );
  });

  test.each(['10.0.0', '10.0.0.256', '10.0.0.01', '10.0.0.1 ', '10.0.0.-1', '1e1.0.0.1', '', '::1'])(
    'parseIpv4() refuses %j',
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
    },
  );

  test('ipv4FromNumber() refuses what has no 32 bits', () => {
    expect(() => ipv4FromNumber(2 ** 32)).toThrow(RangeError);
    expect(() => ipv4FromNumber(-1)).toThrow(RangeError);
  });
});

describe('subnets and ranges', () => {
  const subnet = defined(parseSubnet('10.77.0.0/24'));

  test.each(['10.77.0.1/24', '10.77.0.0/33', '10.77.0.0', '10.77.0.0/', '10.77.0/24', 'x/24'])(
    'parseSubnet() refuses %s',
    (text) => {
      expect(parseSubnet(text)).toBeUndefined();
    },
  );

  test.each([
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['10.0.0.0/8', '255.0.0.0', '10.255.255.255'],
    ['192.168.1.128/25', '255.255.255.128', '192.168.1.255'],
    ['10.1.2.3/32', '255.255.255.255', '10.1.2.3'],
  ])('%s has mask %s and broadcast %s', (text, mask, broadcast) => {
    const parsed = defined(parseSubnet(text));
    expect([netmask(parsed), broadcastAddress(parsed), formatSubnet(parsed)]).toEqual([
      mask,
      broadcast,
      text,
    ]);
  });

  test('a subnet contains exactly the addresses from its network to its broadcast address', () => {
    fc.assert(
      fc.property(word, (value) => {
        const inside =
          value >= ipv4ToNumber(subnet.network) && value <= ipv4ToNumber(broadcastAddress(subnet));
        expect(subnetContains(subnet, ipv4FromNumber(value))).toBe(inside);
      }),
    );
  });

  test('network and broadcast address are no host addresses', () => {
    const verdicts = ['10.77.0.0', '10.77.0.255', '10.77.0.1', '10.78.0.1'].map((text) =>
      isUsableIn(subnet, defined(parseIpv4(text))),
    );
    expect(verdicts).toEqual([false, false, true, false]);
  });

  test('parseRange() reads a closed range and refuses a reversed one', () => {
    const range = defined(parseRange('10.77.0.100-10.77.0.199'));
    expect(rangeContains(range, defined(parseIpv4('10.77.0.199')))).toBe(true);
    expect(rangeContains(range, defined(parseIpv4('10.77.0.200')))).toBe(false);
    expect(parseRange('10.77.0.199-10.77.0.100')).toBeUndefined();
    expect(parseRange('10.77.0.1-10.77.0.2-10.77.0.3')).toBeUndefined();
  });
});
