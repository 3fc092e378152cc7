import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLIENT_ARCHITECTURES, clientArchitecture } from '../../src/core/arch.ts';
import { digestFromHex, digestHex, parseDigest, shortDigest } from '../../src/core/artefact.ts';
import { parseHostName } from '../../src/core/host.ts';
import { parseImageName } from '../../src/core/image.ts';
import { canonicalJson } from '../../src/core/release.ts';

describe('client architectures', () => {
  test('the table has each code of the IANA registry once, 0 to 0x29', () => {
    expect(CLIENT_ARCHITECTURES.map((arch) => arch.code)).toEqual(
      Array.from({ length: 0x2a }, (_, code) => code),
    );
  });

  test.each([
    [0, 'amd64', 'bios', 'tftp'],
    [7, 'amd64', 'uefi', 'tftp'],
    [9, 'amd64', 'uefi', 'tftp'],
    [11, 'arm64', 'uefi', 'tftp'],
    [16, 'amd64', 'uefi', 'http'],
    [19, 'arm64', 'uefi', 'http'],
  ])('code %i is %s %s by %s', (code, cpu, firmware, transport) => {
    expect(clientArchitecture(code)).toMatchObject({ cpu, firmware, transport });
  });

  test('an unassigned code has no row', () => {
    expect(clientArchitecture(0xffff)).toBeUndefined();
  });
});

describe('names', () => {
  test.each(['web01', 'WEB01', 'a', '0', 'a'.repeat(63)])('parseHostName() takes %s', (text) => {
    expect(parseHostName(text)).toBe(text.toLowerCase());
  });

  test.each(['', '-a', 'a-', 'a.b', 'a_b', 'a b', 'a'.repeat(64), '../x', 'a\n', 'ä'])(
    'parseHostName() refuses %j',
    (text) => {
      expect(parseHostName(text)).toBeUndefined();
    },
  );

  test.each(['../x', '.x', 'A', 'a/b', '', 'a b', 'x'.repeat(65)])('parseImageName() refuses %j', (text) => {
    expect(parseImageName(text)).toBeUndefined();
  });
});

test('a digest is sha256 and 64 lower-case digits, nothing else', () => {
  const hex = '0123456789abcdef'.repeat(4);
  const digest = digestFromHex(hex);
  expect(digest).toBe(`sha256:${hex}`);
  expect(digest && digestHex(digest)).toBe(hex);
  expect(digest && shortDigest(digest)).toBe('sha256:0123456789ab');
  for (const text of [
    hex,
    `sha256:${hex.toUpperCase()}`,
    `sha256:${hex}0`,
    `sha512:${hex}`,
    `sha256:${hex}\n`,
  ]) {
    expect(parseDigest(text)).toBeUndefined();
  }
});

test('canonicalJson() is one text whatever the order of keys', () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
