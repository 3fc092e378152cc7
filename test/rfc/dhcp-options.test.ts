import { describe, expect, it } from 'vitest';
import { OPTION, octet, text } from '../../src/wire/dhcp/options.ts';
import { decodePacket, encodePacket, encodeReply } from '../../src/wire/dhcp/packet.ts';
import { aMessage, aWorld, firmware, IPXE, taking } from '../boot/world.ts';
import { aPolicy, aSubnet, ip } from '../builders.ts';
import { heard, only, readOptions, sayTo, valuesOf } from './dhcp-exchange.ts';

const DISCOVER = aMessage('DISCOVER');

/** The message with these octets as its options, after option 53. */
function withOptions(...octets: readonly number[]): Uint8Array {
  return Buffer.concat([
    Buffer.from(encodePacket(DISCOVER)).subarray(0, 240),
    Uint8Array.of(53, 1, 1, ...octets),
  ]);
}

function decoded(bytes: Uint8Array): typeof DISCOVER {
  const read = decodePacket(bytes);
  if (!read.ok) throw new Error(read.reason);
  return read.packet;
}

describe('RFC 2131 section 4.3.1: parameters', () => {
  const dns = [ip('10.77.0.53')];
  const set = { code: 42, value: Uint8Array.of(10, 77, 0, 7), always: false };
  const world = (): ReturnType<typeof aWorld> =>
    aWorld({ policy: aPolicy({ subnets: [aSubnet({ dns, options: [set] })] }) });
  const asking = (...codes: readonly number[]): typeof DISCOVER =>
    aMessage('DISCOVER', { options: [[OPTION.parameterList, Uint8Array.from(codes)]] });

  it('[RFC2131-4.3.1-configured] what is asked for and configured is there', async () => {
    const wire = await heard(world(), asking(1, 3, 6, 15, 42));
    const there = [1, 3, 6, 15, 42].map((code) => only(wire, code));
    expect(there).toEqual(['ffffff00', '0a4d0001', '0a4d0035', '6c6162', '0a4d0007']);
  });

  it('[RFC2131-4.3.1-unknown] what is asked for and not known is not', async () => {
    const wire = await heard(world(), asking(1, 4, 69, 119, 252, 224));
    for (const code of [4, 69, 119, 252, 224]) expect(valuesOf(wire, code)).toEqual([]);
  });

  it('[RFC2131-4.3.1-once] each is there once, however often it is asked for', async () => {
    const wire = await heard(world(), asking(6, 6, 6, 42, 42, 1, 1, 51, 54, 53));
    for (const [code] of wire.options) expect(valuesOf(wire, code)).toHaveLength(1);
  });

  it('[RFC2132-9.8-order] options are in the order in which they are asked for', async () => {
    for (const codes of [
      [67, 66, 60, 28, 12, 1],
      [12, 28, 60, 66, 67],
      [6, 1, 28, 3, 67],
    ]) {
      const order = (await heard(world(), asking(...codes))).options.map(([code]) => code);
      const asked = codes.filter((code) => order.includes(code));
      expect(asked.length).toBeGreaterThan(1);
      expect(order.filter((code) => codes.includes(code))).toEqual(asked);
      expect(order.slice(0, 2)).toEqual([53, 54]);
    }
  });

  it('[RFC2132-3.3-mask-first] the subnet mask comes before the router', async () => {
    for (const codes of [[1, 3], [3, 1], [3]]) {
      const order = (await heard(world(), asking(...codes))).options.map(([code]) => code);
      expect(order.indexOf(1)).toBeGreaterThan(-1);
      expect(order.indexOf(1)).toBeLessThan(order.indexOf(3));
    }
  });
});

describe('RFC 2132', () => {
  it('[RFC2132-2-no-nul] texts are sent without a NUL at their end', async () => {
    const wire = await heard(aWorld(), aMessage('DISCOVER', { options: firmware(7) }));
    for (const code of [15, 60, 66, 67]) {
      const value = valuesOf(wire, code)[0];
      if (value !== undefined) expect(value.at(-1)).not.toBe(0);
    }
    expect(only(wire, 67)).toBeDefined();
  });

  it('[RFC2132-2-nul-deleted] a text is understood with NULs at its end and without', async () => {
    const answers = await Promise.all(
      ['', '\0', '\0\0'].map((end) => {
        const vendorClass = `PXEClient:Arch:00007:UNDI:003000${end}`;
        return heard(aWorld(), aMessage('DISCOVER', { options: [[60, text(vendorClass)]] }));
      }),
    );
    for (const wire of answers) expect(only(wire, 67)).toBe(Buffer.from('snponly.efi').toString('hex'));
  });

  it('[RFC2132-9.6-type] a message type that is no type of a client is not answered', async () => {
    for (const value of [0, 2, 5, 6, 9, 13, 255]) {
      const message = { ...DISCOVER, options: new Map([[53, octet(value)]]) };
      expect(await sayTo(aWorld(), message)).toBeUndefined();
    }
  });

  it.each([0, 1, 300, 575])('[RFC2132-9.10-least] a maximum size of %i is taken for 576', async (size) => {
    const value = Uint8Array.of(size >> 8, size & 255);
    const message = aMessage('DISCOVER', { options: [...firmware(7), [57, value]] });
    const least = aMessage('DISCOVER', { options: [...firmware(7), [57, Uint8Array.of(2, 64)]] });
    expect((await heard(aWorld(), message)).bytes).toEqual((await heard(aWorld(), least)).bytes);
  });

  it('[RFC2132-9.10-size] no reply is longer than the client takes, IP and UDP header included', async () => {
    const options = Array.from({ length: 8 }, (_, at) => ({
      code: 224 + at,
      value: new Uint8Array(150),
      always: true,
    }));
    const world = aWorld({ policy: aPolicy({ subnets: [aSubnet({ options })] }) });
    for (const size of [576, 600, 900, 1200, 1500]) {
      const message = aMessage('DISCOVER', { options: [[57, Uint8Array.of(size >> 8, size & 255)]] });
      expect((await heard(world, message)).bytes.length).toBeLessThanOrEqual(size - 28);
    }
  });

  it.each([
    ['[RFC2132-8.4-ignored] vendor-specific information', 43, Uint8Array.of(200, 255, 1)],
    ['[RFC2132-9.13-ignored] a vendor class', 60, text('nobody knows this')],
    ['[RFC3004-4-ignored] a user class', 77, Uint8Array.of(3, 120, 121, 122)],
    ['[RFC2131-3.5-ignored] an option', 250, Uint8Array.of(1, 2, 3)],
  ])('%s that the server does not know changes nothing', async (_name, code, value) => {
    const plain = await heard(aWorld(), DISCOVER);
    const asked = await heard(aWorld(), aMessage('DISCOVER', { options: [[code, value]] }));
    expect(asked.bytes).toEqual(plain.bytes);
  });
});

describe('RFC 3396', () => {
  it('[RFC3396-5-joined] parts of an option are one value, whatever stands between them', () => {
    const { options } = decoded(
      withOptions(60, 3, 80, 88, 69, 12, 1, 65, 0, 60, 6, 67, 108, 105, 101, 110, 116, 255),
    );
    expect(Buffer.from(options.get(60) ?? []).toString()).toBe('PXEClient');
  });

  it('[RFC3396-5-order] parts are joined in the order options, file, sname', () => {
    const bytes = withOptions(52, 1, 3, 60, 1, 65, 255);
    bytes.set([60, 1, 66, 255], 108);
    bytes.set([60, 1, 67, 255], 44);
    expect(Buffer.from(decoded(bytes).options.get(60) ?? []).toString()).toBe('ABC');
  });

  it('[RFC3396-6-split] a value of more than 255 octets is sent in parts, in its order', () => {
    const value = Uint8Array.from({ length: 600 }, (_, at) => at & 255);
    const reply = { ...DISCOVER, op: 2 as const, options: new Map([...DISCOVER.options, [121, value]]) };
    const request = aMessage('DISCOVER', { options: [[57, Uint8Array.of(5, 220)]] });
    const wire = readOptions(Buffer.from(encodeReply(reply, request)).subarray(240));
    const parts = valuesOf(wire, 121);
    expect(parts.length).toBeGreaterThan(1);
    expect(Buffer.concat(parts)).toEqual(Buffer.from(value));
  });
});

describe('RFC 6842', () => {
  const identifier = Uint8Array.of(255, 1, 2, 3, 0, 4, 5, 6, 7, 8, 9);

  it.each([
    ['OFFER', aMessage('DISCOVER', { options: [[61, identifier]] })],
    ['ACK', aMessage('REQUEST', { options: [[61, identifier], ...taking(ip('10.77.0.11'))] })],
    ['NAK', aMessage('REQUEST', { options: [[61, identifier], ...taking(ip('10.77.0.12'))] })],
    ['ACK of an INFORM', aMessage('INFORM', { ciaddr: ip('10.77.0.77'), options: [[61, identifier]] })],
  ])('[RFC6842-3-returned] a client identifier comes back as it came: %s', async (_kind, message) => {
    expect(only(await heard(aWorld(), message), 61)).toBe(Buffer.from(identifier).toString('hex'));
  });

  it('[RFC6842-3-absent] without one in the message there is none in the reply', async () => {
    expect(valuesOf(await heard(aWorld(), DISCOVER), 61)).toEqual([]);
  });
});

describe('RFC 4578 and RFC 3004', () => {
  const machine = Uint8Array.of(0, ...Array.from({ length: 16 }, (_, at) => at + 1));

  it('[RFC4578-2.3-machine] the machine identifier is in the answer to firmware', async () => {
    const message = aMessage('DISCOVER', { options: [...firmware(7), [97, machine]] });
    expect(only(await heard(aWorld(), message), 97)).toBe(Buffer.from(machine).toString('hex'));
  });

  it('[RFC4578-3-class] the answer to firmware has the class PXEClient', async () => {
    const wire = await heard(aWorld(), aMessage('DISCOVER', { options: firmware(7) }));
    expect(only(wire, 60)).toBe(Buffer.from('PXEClient').toString('hex'));
  });

  it('[RFC4578-2.1-first] of several architectures the first that can be served counts', async () => {
    const codes = [[93, Uint8Array.of(0, 7, 0, 0)]] as const;
    const wire = await heard(
      aWorld(),
      aMessage('DISCOVER', { options: [[60, text('PXEClient')], ...codes] }),
    );
    expect(only(wire, 67)).toBe(Buffer.from('snponly.efi').toString('hex'));
  });

  it('[RFC3004-4-list] a user class is found in a list of them', async () => {
    const list = Uint8Array.of(2, 120, 121, 4, ...text('iPXE'));
    const options = IPXE.map(([code, value]) => [code, code === 77 ? list : value] as const);
    const wire = await heard(aWorld(), aMessage('DISCOVER', { options }));
    expect(Buffer.from(only(wire, 67) ?? '', 'hex').toString()).toMatch(/^http:/);
  });
});
