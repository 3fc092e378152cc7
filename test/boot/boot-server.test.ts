import { describe, expect, it } from 'vitest';
import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import type { DhcpRequest } from '../../src/boot/request.ts';
import type { SubnetMode } from '../../src/core/subnet.ts';
import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import type { DhcpPacket } from '../../src/wire/dhcp/packet.ts';
import { aHost, aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { captured } from '../wire/dhcp/captured.ts';
import { aMessage, aWorld, firmware, replyOf, short, type TestWorld } from './world.ts';

const THEIRS = ip('10.77.0.210');
const OTHER = ip('10.77.0.2');

function worldOf(mode: SubnetMode, given: Parameters<typeof aWorld>[0] = {}): TestWorld {
  return aWorld({ policy: aPolicy({ subnets: [aSubnet({ mode })] }), ...given });
}

function codes(packet: DhcpPacket): readonly number[] {
  return [...packet.options.keys()].toSorted((a, b) => a - b);
}

describe('port 4011', () => {
  const asked = (packet: DhcpPacket, source = THEIRS): DhcpRequest => ({
    packet,
    source,
    service: 'boot-server',
  });
  const bootItem = (type: number) =>
    [OPTION.vendorSpecific, Uint8Array.of(71, 4, 0, type, 0, 0, 255)] as const;
  const request = (options: Parameters<typeof aMessage>[1] = {}) =>
    aMessage('REQUEST', {
      ciaddr: THEIRS,
      ...options,
      options: [...firmware(7), ...(options.options ?? [])],
    });

  it.each(['full', 'reservations-only', 'proxy', 'auto'] as const)('answers in mode %s', async (mode) => {
    const world = worldOf(mode);
    const ack = replyOf(await answerDhcp(asked(request()), world));
    expect(ack).toMatchObject({
      ciaddr: THEIRS,
      yiaddr: '0.0.0.0',
      file: 'snponly.efi',
      siaddr: '10.77.0.1',
    });
    expect(codes(ack)).toEqual([43, 53, 54, 60, 66, 67]);
    expect(world.leases.commits).toEqual([]);
    expect(world.others.macOf(THEIRS, world.clock.time)).toBe(mac());
  });

  it.each([
    [
      'C9: from an address of no subnet',
      request({ ciaddr: ip('0.0.0.0') }),
      ip('192.0.2.1'),
      'outside-subnet',
    ],
    ['C9: from a spoofed address', request(), ip('10.77.0.212'), 'wrong-source'],
    ['C9: from our own address', request({ ciaddr: ip('10.77.0.1') }), ip('10.77.0.1'), 'outside-subnet'],
    ['C9: for another boot server', request({ options: [bootItem(1)] }), THEIRS, 'other-boot-server'],
    [
      'for another server',
      request({ options: [[OPTION.serverIdentifier, addresses(OTHER)]] }),
      THEIRS,
      'other-server',
    ],
    ['a DISCOVER', aMessage('DISCOVER', { options: firmware(7) }), THEIRS, 'unsupported-message'],
    ['by a relay agent', request({ giaddr: ip('10.77.0.9') }), THEIRS, 'relay-not-served'],
    ['a running system', aMessage('REQUEST', { ciaddr: THEIRS }), THEIRS, 'proxy-mode'],
    ['a stranger', request({ chaddr: mac('02:00:00:00:00:01') }), THEIRS, 'unknown-host'],
    ['A6: a multicast MAC', request({ chaddr: mac('01:00:5e:00:00:01') }), THEIRS, 'unknown-host'],
  ])('%s gets no answer', async (_name, packet, source, reason) => {
    expect(short(await answerDhcp(asked(packet, source), worldOf('proxy')))).toBe(`ignored: ${reason}`);
  });

  it('C9: BIOS without ciaddr, and with the bootstrap item of a menu', async () => {
    for (const options of [[], [bootItem(0)], [[OPTION.vendorSpecific, Uint8Array.of(71)] as const]]) {
      const packet = aMessage('REQUEST', { options: [...firmware(0), ...options] });
      expect(replyOf(await answerDhcp(asked(packet), worldOf('proxy'))).file).toBe('undionly.kpxe');
    }
  });

  it('what OVMF asked there, from its own port', async () => {
    const packet = captured('ovmf-4011-request');
    const host = { ...aHost(), macs: [packet.chaddr] as const };
    const world = aWorld({ policy: aPolicy({ subnets: [aSubnet({ mode: 'proxy' })] }), hosts: [host] });
    const answer = await answerDhcp(asked(packet), world);
    expect(replyOf(answer)).toMatchObject({ xid: packet.xid, ciaddr: THEIRS, file: 'snponly.efi' });
    expect(codes(replyOf(answer))).toEqual([43, 53, 54, 60, 66, 67, 97]);
  });

  it('is silent where DHCP is off', async () => {
    expect(short(await answerDhcp(asked(request()), worldOf('off')))).toBe('ignored: mode-off');
  });
});
