import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OPTION } from '../../../src/wire/dhcp/options.ts';
import { readBootItem } from '../../../src/wire/dhcp/pxe-options.ts';
import { readRelayWord } from '../../../src/wire/dhcp/relay-options.ts';

const option82 = (...bytes: readonly number[]) => new Map([[OPTION.relayAgent, Uint8Array.from(bytes)]]);

it.each([
  ['RFC 3527: link selection', [5, 4, 10, 79, 0, 0], { link: '10.79.0.0' }],
  ['RFC 5107: server identifier override', [11, 4, 10, 79, 0, 9], { serverId: '10.79.0.9' }],
  ['RFC 3046: after a circuit id', [1, 2, 9, 9, 5, 4, 10, 79, 0, 0], { link: '10.79.0.0' }],
  ['of two the first', [5, 4, 10, 79, 0, 0, 5, 4, 1, 2, 3, 4], { link: '10.79.0.0' }],
  ['B10: cut off', [5, 4, 10, 79], {}],
  ['B10: of a wrong length', [5, 3, 10, 79, 0], {}],
  ['B10: a lone code', [5], {}],
  ['empty', [], {}],
])('%s', (_name, bytes, expected) => {
  expect(readRelayWord(option82(...bytes))).toEqual(expected);
});

it.each([
  ['PXE 2.1: a boot item', [71, 4, 0, 1, 0, 2, 255], { type: 1, layer: 2 }],
  ['after discovery control and a pad', [6, 1, 8, 0, 71, 4, 1, 0, 0, 0], { type: 256, layer: 0 }],
  ['B9: code 255 first', [255, 71, 4, 0, 1, 0, 0], undefined],
  ['B9: a wrong length', [71, 2, 0, 1], undefined],
  ['B9: cut off', [71, 4], undefined],
  ['none', [6, 1, 8, 255], undefined],
])('%s', (_name, bytes, expected) => {
  expect(readBootItem(Uint8Array.from(bytes))).toEqual(expected);
});

it('B9, B10: any octets are read without a fault', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      readRelayWord(new Map([[OPTION.relayAgent, bytes]]));
      readBootItem(bytes);
    }),
  );
});
