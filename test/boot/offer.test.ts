import { describe, expect, it } from 'vitest';
import { NBP_IMAGE } from '../../src/core/catalogue.ts';
import { addresses, OPTION, text } from '../../src/wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket, encodePacket } from '../../src/wire/dhcp/packet.ts';
import {
  aCatalogue,
  aHost,
  anNbpRelease,
  aPolicy,
  aPublication,
  artefact,
  aSubnet,
  ip,
} from '../builders.ts';
import { captured } from '../wire/dhcp/captured.ts';
import { aMessage, ask, aWorld, firmware, IPXE, replyOf, taking } from './world.ts';

const bios = { ...aHost({ macs: [captured('ipxe-rom-2019-bios-discover').chaddr] }) };
const uefi = aHost({ macs: [captured('ovmf-pxe-discover').chaddr], address: ip('10.77.0.12') });

async function offerTo(packet: DhcpPacket): Promise<DhcpPacket> {
  return replyOf(await ask(aWorld({ hosts: [packet.chaddr === uefi.macs[0] ? uefi : bios] }), packet));
}

/** Options as hexadecimal text by code. */
function hex(packet: DhcpPacket): Record<number, string> {
  return Object.fromEntries(
    [...packet.options].map(([code, value]) => [code, Buffer.from(value).toString('hex')]),
  );
}

const ascii = (value: string) => Buffer.from(text(value)).toString('hex');

describe('the OFFER to real clients', () => {
  it('OVMF PXE: NBP in option 67 and in file, class PXEClient, no boot server discovery', async () => {
    const offer = await offerTo(captured('ovmf-pxe-discover'));
    expect(offer).toMatchObject({
      op: 2,
      xid: 0x2da7b4de,
      flags: 0x8000,
      chaddr: '52:54:00:77:00:02',
      yiaddr: '10.77.0.12',
      siaddr: '10.77.0.1',
      sname: '10.77.0.1',
      file: 'snponly.efi',
    });
    expect(hex(offer)).toMatchObject({
      53: '02',
      54: '0a4d0001',
      51: '00000e10',
      58: '00000708',
      59: '00000c4e',
      1: 'ffffff00',
      3: '0a4d0001',
      60: ascii('PXEClient'),
      66: ascii('10.77.0.1'),
      67: ascii('snponly.efi'),
      43: '060108ff',
    });
  });

  it('OVMF HTTP Boot: class HTTPClient and a URL, no TFTP server, nothing about PXE boot servers', async () => {
    const offer = await offerTo(captured('ovmf-http-discover'));
    const url = 'http://10.77.0.1/images/nbp/stable/snponly.efi';
    expect(offer).toMatchObject({ yiaddr: '10.77.0.12', siaddr: '10.77.0.1', sname: '', file: url });
    expect(hex(offer)).toMatchObject({ 60: ascii('HTTPClient'), 67: ascii(url) });
    expect(Object.keys(hex(offer)).filter((code) => ['43', '66', '175'].includes(code))).toEqual([]);
  });

  it('U-Boot, which names its architecture alone: its NBP without what makes an answer one of PXE', async () => {
    const offer = await armOffer(captured('uboot-2023-arm64-discover'));
    expect(offer).toMatchObject({ file: 'ipxe-arm64.efi', siaddr: '10.77.0.1' });
    expect(hex(offer)).not.toHaveProperty('60');
    expect(hex(offer)).not.toHaveProperty('43');
  });

  it('U-Boot that looks for an UEFI program: the same NBP', async () => {
    const offer = await armOffer(captured('uboot-2023-arm64-efi-discover'));
    expect(offer).toMatchObject({ file: 'ipxe-arm64.efi', siaddr: '10.77.0.1' });
  });

  async function armOffer(packet: DhcpPacket): Promise<DhcpPacket> {
    const release = anNbpRelease({ files: [{ name: 'ipxe-arm64.efi', ...artefact('e') }] });
    const catalogue = aCatalogue([aPublication({ image: NBP_IMAGE, release })]);
    return replyOf(await ask(aWorld({ hosts: [uefi], catalogue }), packet));
  }

  it('options set by the operator: when asked for, or always; in place of our own', async () => {
    const set = [
      { code: 42, value: addresses(ip('10.77.0.9')), always: false },
      { code: 252, value: text('http://wpad'), always: true },
      { code: 119, value: text('x'), always: false },
    ];
    const world = aWorld({ policy: aPolicy({ subnets: [aSubnet({ options: set })] }) });
    const list = [OPTION.parameterList, Uint8Array.of(1, 42)] as const;
    const asking = hex(replyOf(await ask(world, aMessage('DISCOVER', { options: [list] }))));
    expect(asking).toMatchObject({ 42: '0a4d0009', 252: ascii('http://wpad') });
    expect(asking).not.toHaveProperty('119');
    expect(hex(replyOf(await ask(world, aMessage('DISCOVER'))))).toMatchObject({
      42: '0a4d0009',
      119: ascii('x'),
    });
  });

  it.each(['ipxe-rom-2019-bios-discover', 'ipxe-2019-efi-discover'])(
    '%s: script URL, no ProxyDHCP',
    async (name) => {
      const offer = await offerTo(captured(name));
      const url = `http://10.77.0.1/boot/script/${offer.chaddr.replaceAll(':', '-')}`;
      expect(offer).toMatchObject({ file: url, sname: '', siaddr: '10.77.0.1' });
      expect(hex(offer)).toMatchObject({ 67: ascii(url), 175: 'b00101' });
      expect(hex(offer)).not.toHaveProperty('60');
      expect(hex(offer)).not.toHaveProperty('43');
    },
  );

  it('a running system: network settings it asks for, nothing to boot', async () => {
    const packet = { ...captured('dhclient-discover'), chaddr: bios.macs[0] };
    const offer = await offerTo(packet);
    expect(offer).toMatchObject({ file: '', sname: '', siaddr: '0.0.0.0' });
    expect(Object.keys(hex(offer)).map(Number)).toEqual([1, 3, 6, 12, 15, 28, 51, 53, 54, 58, 59]);
  });

  it('fits one frame and survives its own codec', async () => {
    const bytes = encodePacket(await offerTo(captured('ovmf-pxe-discover')), 548);
    expect(bytes.length).toBeGreaterThanOrEqual(300);
    const again = decodePacket(bytes);
    expect(again.ok && again.packet.options.has(OPTION.bootfileName)).toBe(true);
  });
});

describe('what comes back as it came', () => {
  it('B19: xid, flags, chaddr, giaddr, options 61, 82 and 97', async () => {
    const echoed = [
      [OPTION.clientIdentifier, Uint8Array.of(255, 1, 2, 3)],
      [OPTION.relayAgent, Uint8Array.of(1, 2, 9, 9)],
      [OPTION.clientMachineId, Uint8Array.from([0, ...new Array<number>(16).fill(7)])],
    ] as const;
    const request = aMessage('REQUEST', {
      xid: 0xdeadbeef,
      flags: 0x8001,
      giaddr: ip('10.77.0.9'),
      options: [...firmware(7), ...taking(ip('10.77.0.11')), ...echoed],
    });
    const ack = replyOf(await ask(aWorld(), request));
    expect(ack).toMatchObject({
      xid: 0xdeadbeef,
      flags: 0x8001,
      giaddr: '10.77.0.9',
      chaddr: request.chaddr,
    });
    for (const [code, value] of echoed) expect(ack.options.get(code)).toEqual(value);
    // RFC 3046 section 2.1: the relay agent's option is the last one.
    expect(Buffer.from(encodePacket(ack)).toString('hex')).toMatch(/520401020909ff(?:00)*$/);
  });

  it('a NAK has neither address nor boot file, and is broadcast behind a relay agent', async () => {
    const request = aMessage('REQUEST', {
      giaddr: ip('10.77.0.9'),
      options: [...IPXE, ...taking(ip('10.77.0.50'))],
    });
    const nak = replyOf(await ask(aWorld(), request));
    expect(nak).toMatchObject({
      yiaddr: '0.0.0.0',
      ciaddr: '0.0.0.0',
      siaddr: '0.0.0.0',
      file: '',
      flags: 0x8000,
    });
    expect(Object.keys(hex(nak)).map(Number)).toEqual([53, 54, 56]);
  });

  it('an ACK to a client that renews repeats its ciaddr', async () => {
    const ack = replyOf(await ask(aWorld(), aMessage('REQUEST', { ciaddr: ip('10.77.0.11') })));
    expect(ack).toMatchObject({ ciaddr: '10.77.0.11', yiaddr: '10.77.0.11' });
  });
});

describe('odd requests', () => {
  it.each([
    ['empty', []],
    ['without 66 and 67', [1, 3]],
    ['255 times 43', new Array<number>(255).fill(43)],
  ])('B14: a parameter list that is %s still boots', async (_name, list) => {
    const options = [...firmware(0), [OPTION.parameterList, Uint8Array.from(list)]] as const;
    const offer = replyOf(await ask(aWorld(), aMessage('DISCOVER', { options })));
    expect(offer.file).toBe('undionly.kpxe');
    expect(hex(offer)).toMatchObject({ 1: 'ffffff00', 67: ascii('undionly.kpxe'), 43: '060108ff' });
  });

  it('B16: the lease time is ours, whatever is asked for', async () => {
    const options = [[OPTION.leaseTime, addresses(ip('255.255.255.255'))]] as const;
    expect(hex(replyOf(await ask(aWorld(), aMessage('DISCOVER', { options }))))).toMatchObject({
      51: '00000e10',
    });
  });

  it('a URL too long for the field goes by option 67 alone', async () => {
    const baseUrl = `http://${'a'.repeat(120)}.lab`;
    const world = aWorld({ policy: aPolicy({ subnets: [aSubnet({ baseUrl })] }) });
    const offer = replyOf(await ask(world, aMessage('DISCOVER', { options: IPXE })));
    expect(offer.file).toBe('');
    expect(hex(offer)).toMatchObject({ 67: ascii(`${baseUrl}/boot/script/52-54-00-77-00-01`) });
  });
});
