import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  architectureOfVendorClass,
  readArchitectures,
  readMachineId,
  readUserClasses,
  skipBootServerDiscovery,
  skipIpxeProxyDhcp,
} from '../../../src/wire/dhcp/pxe-options.ts';

const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const list = (...classes: readonly string[]): Uint8Array =>
  Buffer.concat(classes.map((each) => Buffer.concat([Uint8Array.of(each.length), bytes(each)])));

describe('option 77 (B4)', () => {
  it.each([
    ['the bare text of iPXE', bytes('iPXE'), ['iPXE']],
    ['the list of RFC 3004', list('iPXE'), ['iPXE']],
    ['a list of two', list('linux', 'iPXE'), ['linux', 'iPXE']],
    ['a list whose lengths overflow', Uint8Array.of(4, 105, 80), ['\x04iP']],
    ['nothing', new Uint8Array(0), []],
  ])('reads %s', (_name, value, expected) => {
    expect(readUserClasses(value)).toEqual(expected);
  });

  it('reads a list of 100 classes', () => {
    expect(readUserClasses(list(...new Array<string>(100).fill('x')))).toHaveLength(100);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (value) => void readUserClasses(value)));
  });
});

describe('option 93 (B6)', () => {
  it.each([
    ['one code', [0, 7], [7]],
    [
      'ten codes',
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? 0 : at)),
      [1, 3, 5, 7, 9, 11, 13, 15, 17, 19],
    ],
    ['nothing', [], undefined],
    ['one octet', [7], undefined],
    ['three octets', [0, 7, 0], undefined],
  ])('reads %s', (_name, value, expected) => {
    expect(readArchitectures(Uint8Array.from(value))).toEqual(expected);
  });
});

describe('option 60 (B5)', () => {
  it.each([
    ['PXEClient:Arch:00007:UNDI:003000', 7],
    ['HTTPClient:Arch:00016:UNDI:003000', 16],
    ['PXEClient:Arch:00000', 0],
    ['PXEClient', undefined],
    ['PXEClient:Arch:0x007:UNDI', undefined],
    ['HTTPClient:Arch:xxxxx:UNDI:003000', undefined],
    ['pxeclient:arch:00007:undi:003000', undefined],
    ['', undefined],
  ])('finds the code of %j', (text, expected) => {
    expect(architectureOfVendorClass(text)).toBe(expected);
  });
});

describe('option 97 (B7)', () => {
  it('is a UUID with its first fields little-endian', () => {
    const value = Uint8Array.from([0, ...Buffer.from('33221100554477668899aabbccddeeff', 'hex')]);
    expect(readMachineId(value)).toBe('00112233-4455-6677-8899-aabbccddeeff');
  });

  it.each([
    ['no length', []],
    ['16 octets', new Array<number>(16).fill(1)],
    ['18 octets', new Array<number>(18).fill(1)],
    ['type 1', [1, ...new Array<number>(16).fill(5)]],
    ['zeros', new Array<number>(17).fill(0)],
    ['ones', [0, ...new Array<number>(16).fill(255)]],
  ])('is nothing with %s', (_name, value) => {
    expect(readMachineId(Uint8Array.from(value))).toBeUndefined();
  });
});

it('writes the exact octets that stop the wait for ProxyDHCP', () => {
  expect([...skipBootServerDiscovery()]).toEqual([6, 1, 8, 255]);
  expect([...skipIpxeProxyDhcp()]).toEqual([176, 1, 1]);
});
