import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPTION, type OptionMap, octet } from '../../../src/wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../../src/wire/dhcp/packet.ts';
import { aMessage } from '../../boot/world.ts';

/** What a client reads of a message with these options, in at most `limit` octets. */
function read(options: OptionMap, limit: number, given: Partial<DhcpPacket> = {}): DhcpPacket {
  const bytes = encodePacket({ ...aMessage('DISCOVER'), ...given, options }, limit);
  expect(bytes.length).toBeLessThanOrEqual(Math.max(300, limit));
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw new Error(`Cannot read what was written: ${decoded.reason}`);
  return decoded.packet;
}

const filled = (length: number, byte = 7) => new Uint8Array(length).fill(byte);
const type = [OPTION.messageType, octet(2)] as const;
const server = [OPTION.serverIdentifier, filled(4)] as const;

describe('RFC 2132 section 9.3: option overload', () => {
  it('is used only when the options do not fit', () => {
    const options = new Map([type, server, [43, filled(100)] as const]);
    expect(read(options, 548).options.has(OPTION.overload)).toBe(false);
  });

  it('takes `file`, then `sname`, where they are free', () => {
    const sizes = { 67: 120, 66: 80, 43: 100, 12: 50, 15: 60 };
    const given = Object.entries(sizes).map(([code, size]) => [Number(code), filled(size)] as const);
    const { options } = read(new Map([type, server, ...given]), 548);
    expect(options.get(OPTION.overload)).toEqual(octet(3));
    for (const [code, value] of given) expect(options.get(code)).toEqual(value);
  });

  it('leaves a boot file name in `file` alone', () => {
    const given = [[43, filled(180)] as const, [67, filled(100)] as const, [12, filled(50)] as const];
    const packet = read(new Map([type, server, ...given]), 548, { file: 'snponly.efi' });
    expect(packet.file).toBe('snponly.efi');
    expect(packet.options.get(OPTION.overload)).toEqual(octet(2));
    for (const [code, value] of given) expect(packet.options.get(code)).toEqual(value);
  });
});

it('A15: what a client needs most stays when not all fits', () => {
  const given = [...Array(30).keys()].map((at) => [200 + at, filled(20)] as const);
  const needed = [1, 3, 51, 60, 67].map((code) => [code, filled(12, code)] as const);
  const { options } = read(new Map([type, server, ...given, ...needed]), 300);
  for (const [code, value] of [type, server, ...needed]) expect(options.get(code)).toEqual(value);
});

it('RFC 3046 section 2.1: option 82 is whole and last, however little room there is', () => {
  const relay = [OPTION.relayAgent, Uint8Array.of(1, 4, 1, 2, 3, 4)] as const;
  const options = new Map([relay, type, server, [43, filled(250)], [67, filled(250)]]);
  const bytes = encodePacket({ ...aMessage('DISCOVER'), options }, 300);
  expect(Buffer.from(bytes).toString('hex')).toMatch(/5206010401020304ff(?:00)*$/);
});

it('RFC 3396: a value above 255 octets comes back whole, and nothing else with it', () => {
  const value = Uint8Array.from({ length: 700 }, (_, at) => at & 255);
  const { options } = read(new Map([type, [43, value]]), 1472);
  expect([...(options.get(43) ?? [])]).toEqual([...value]);
});

it('whatever the options and the room: what is read is what was given', () => {
  const option = fc.tuple(fc.integer({ min: 1, max: 254 }), fc.uint8Array({ maxLength: 400 }));
  fc.assert(
    fc.property(fc.array(option, { maxLength: 30 }), fc.integer({ min: 300, max: 1472 }), (list, limit) => {
      const given = new Map(list.filter(([code]) => code !== OPTION.overload));
      const { options } = read(new Map([type, ...[...given].filter(([code]) => code !== 53)]), limit);
      for (const [code, value] of options) {
        if (code !== OPTION.overload && code !== OPTION.messageType)
          expect([...value]).toEqual([...(given.get(code) ?? [])]);
      }
    }),
  );
});
