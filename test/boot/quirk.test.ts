import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { reworked, workaroundsFor } from '../../src/boot/quirk.ts';
import type { TriedRule } from '../../src/boot/trace.ts';
import { FaultList } from '../../src/config/fault.ts';
import { readQuirks } from '../../src/config/quirks.ts';
import type { Quirk, QuirkMatch } from '../../src/core/quirk.ts';
import { OPTION, text } from '../../src/wire/dhcp/options.ts';
import type { DhcpPacket } from '../../src/wire/dhcp/packet.ts';
import { aHost, aPolicy, ip, mac } from '../builders.ts';
import { captured } from '../wire/dhcp/captured.ts';
import { aMessage, ask, aWorld, firmware, IPXE, replyOf, short, taking } from './world.ts';

let own: readonly Quirk[] = [];

beforeAll(async () => {
  own = await readQuirks(resolve(import.meta.dirname, '../../boot'), new FaultList());
});

async function offerTo(packet: DhcpPacket, quirks: readonly Quirk[]): Promise<DhcpPacket> {
  const world = aWorld({ hosts: [aHost({ macs: [packet.chaddr] })], policy: aPolicy({ quirks }) });
  return replyOf(await ask(world, packet));
}

/** What the reply says otherwise with the quirks than without: header fields, and options as text or hexadecimal. */
async function difference(packet: DhcpPacket, quirks: readonly Quirk[]): Promise<Record<string, string>> {
  const [plain, odd] = [shownReply(await offerTo(packet, [])), shownReply(await offerTo(packet, quirks))];
  const keys = [...new Set([...Object.keys(plain), ...Object.keys(odd)])];
  return Object.fromEntries(
    keys.filter((key) => plain[key] !== odd[key]).map((key) => [key, odd[key] ?? 'left out']),
  );
}

function shownReply({ flags, siaddr, sname, file, options }: DhcpPacket): Record<string, string> {
  const shown = [...options].map(([code, value]) => {
    const words = Buffer.from(value).toString('latin1');
    return [String(code), /^[ -~]+$/.test(words) ? words : Buffer.from(value).toString('hex')] as const;
  });
  return { flags: flags.toString(16), siaddr, sname, file, ...Object.fromEntries(shown) };
}

describe("this project's own quirks", () => {
  it('raspberry-pi, raspberry-pi-3: a PC by its own account gets the answer of a Pi, by broadcast', async () => {
    expect(await difference(captured('handmade-raspberry-pi-discover'), own)).toEqual({
      flags: '8000',
      file: '',
      43: '060103' + '0a0400505845' + '0914000011526173706265727279205069' + '20426f6f74' + 'ff',
      66: Buffer.from('10.77.0.1\0').toString('hex'),
      67: 'left out',
    });
  });

  it('raspberry-pi: its UEFI firmware, and other makers, are none', async () => {
    const chaddr = mac('dc:a6:32:00:00:01');
    const pi = aMessage('DISCOVER', { chaddr, options: firmware(11) });
    expect(workaroundsFor(pi, own)).toEqual({ nulTerminated: true });
    expect(workaroundsFor(aMessage('DISCOVER', { options: firmware(0) }), own)).toEqual({
      nulTerminated: true,
    });
  });

  it('names-up-to-nul: firmware reads its bootfile up to a NUL; the header field has one anyway', async () => {
    expect(await difference(captured('ovmf-pxe-discover'), own)).toEqual({
      66: Buffer.from('10.77.0.1\0').toString('hex'),
      67: Buffer.from('snponly.efi\0').toString('hex'),
    });
  });

  it.each(['ipxe-2019-efi-discover', 'ovmf-http-discover', 'udhcpc-discover', 'dhclient-discover'])(
    'are not for %s',
    async (name) => {
      expect(await difference(captured(name), own)).toEqual({});
    },
  );
});

describe('a workaround', () => {
  const quirk = (workarounds: Quirk['workarounds'], match: QuirkMatch = { architectures: [7] }): Quirk[] => [
    { name: 'odd', match, workarounds },
  ];
  const pxe = aMessage('DISCOVER', { options: firmware(7) });

  it('leaves options out', async () => {
    expect(await difference(pxe, quirk({ withoutOptions: [43, 97] }))).toEqual({ 43: 'left out' });
  });

  it('says the bootfile in one place', async () => {
    expect(await difference(pxe, quirk({ bootfileIn: 'fields' }))).toEqual({
      66: 'left out',
      67: 'left out',
    });
    expect(await difference(pxe, quirk({ bootfileIn: 'options' }))).toEqual({ sname: '', file: '' });
  });

  it('names another bootfile, or another architecture', async () => {
    const world = aWorld({ policy: aPolicy({ quirks: quirk({ treatAsArchitecture: 0 }) }) });
    expect(replyOf(await ask(world, pxe)).file).toBe('undionly.kpxe');
    expect(await difference(pxe, quirk({ bootfile: 'undionly.kpxe' }))).toEqual({
      67: 'undionly.kpxe',
      file: 'undionly.kpxe',
    });
  });

  it('makes the server silent', async () => {
    const world = aWorld({ policy: aPolicy({ quirks: quirk({ serve: 'never' }) }) });
    expect(short(await ask(world, pxe))).toBe('ignored: quirk');
    expect(short(await ask(world, aMessage('DISCOVER', { options: IPXE })))).toBe('ignored: quirk');
    expect(short(await ask(world, aMessage('DISCOVER')))).toBe('OFFER 10.77.0.11');
  });

  it('never gives iPXE an NBP', async () => {
    const odd = quirk({ bootfile: 'snponly.efi', treatAsArchitecture: 7 }, { stages: ['ipxe'] });
    expect(await difference(aMessage('DISCOVER', { options: IPXE }), odd)).toEqual({});
  });

  it('leaves a NAK alone', async () => {
    const world = aWorld();
    const request = aMessage('REQUEST', { options: [...IPXE, ...taking(ip('10.77.0.50'))] });
    const nak = replyOf(await ask(world, request));
    expect(reworked(nak, { broadcast: true, withoutOptions: [56] })).toBe(nak);
  });

  it('of the first quirk counts', () => {
    const both = [...quirk({ bootfile: 'a' }), ...quirk({ bootfile: 'b', broadcast: true })];
    expect(workaroundsFor(pxe, both)).toEqual({ bootfile: 'a', broadcast: true });
  });
});

describe('a match', () => {
  const options = [
    ...firmware(7),
    [OPTION.userClass, text('foobar')],
    [OPTION.clientMachineId, Uint8Array.of(0, 1)],
  ] as const;
  const packet = aMessage('DISCOVER', { options });

  it.each<[QuirkMatch, string | undefined]>([
    [{}, undefined],
    [{ stages: ['os', 'firmware'] }, undefined],
    [{ stages: ['ipxe'] }, 'it is at stage "firmware"'],
    [{ macs: ['00:11:22', '52:54:00'] }, undefined],
    [{ macs: ['52:54:01'] }, 'the MAC is of another maker'],
    [{ vendorClasses: ['PXEClient:Arch:00007'] }, undefined],
    [{ vendorClasses: ['HTTPClient'] }, 'the vendor class is another'],
    [{ userClasses: ['foo'] }, undefined],
    [{ userClasses: ['bar'] }, 'it has no such user class'],
    [{ architectures: [0, 7] }, undefined],
    [{ architectures: [0] }, 'the architecture is another'],
    [{ options: new Map([[97, undefined]]) }, undefined],
    [{ options: new Map([[97, Uint8Array.of(0, 1)]]) }, undefined],
    [{ options: new Map([[97, Uint8Array.of(0)]]) }, 'option 97 is another'],
    [{ options: new Map([[98, undefined]]) }, 'it sends no option 98'],
    [{ stages: ['firmware'], macs: ['00'] }, 'the MAC is of another maker'],
  ])('%j: %s', (match, miss) => {
    const rules: TriedRule[] = [];
    workaroundsFor(packet, [{ name: 'q', match, workarounds: { broadcast: true } }], (rule) =>
      rules.push(rule),
    );
    expect(rules).toEqual([
      { step: 'quirk', rule: 'q', taken: miss === undefined, why: miss ?? 'broadcast' },
    ]);
  });

  it('of a vendor class does not hold without one', () => {
    const match = { vendorClasses: [''] };
    expect(
      workaroundsFor(aMessage('DISCOVER'), [{ name: 'q', match, workarounds: { broadcast: true } }]),
    ).toEqual({});
  });
});
