import { describe, expect, it } from 'vitest';
import type { SubnetMode } from '../../src/core/subnet.ts';
import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import type { DhcpPacket } from '../../src/wire/dhcp/packet.ts';
import { aHost, aPolicy, aSnapshot, aSubnet, hostName, ip, mac } from '../builders.ts';
import { aMessage, ask, aWorld, IPXE, replyOf, short, type TestWorld, taking } from './world.ts';

const ME = ip('10.77.0.11');
const THEIRS = ip('10.77.0.210');
const OTHER = ip('10.77.0.2');
const { address: _, ...pooled } = aHost();

function worldOf(mode: SubnetMode, given: Parameters<typeof aWorld>[0] = {}): TestWorld {
  return aWorld({ policy: aPolicy({ subnets: [aSubnet({ mode })] }), ...given });
}

function codes(packet: DhcpPacket): readonly number[] {
  return [...packet.options.keys()].toSorted((a, b) => a - b);
}

describe('modes reservations-only and off', () => {
  it('an address of its own, or no answer', async () => {
    const other = { ...pooled, name: hostName('web02'), macs: [mac('52:54:00:77:00:02')] as const };
    const hosts = [aHost(), other];
    const world = worldOf('reservations-only', { hosts });
    expect(short(await ask(world, aMessage('DISCOVER', { options: IPXE })))).toBe(`OFFER ${ME}`);
    const packet = aMessage('DISCOVER', { chaddr: other.macs[0], options: IPXE });
    expect(short(await ask(world, packet))).toBe('ignored: not-reserved');
  });

  it('off is silent, and learns whose address is whose', async () => {
    const world = worldOf('off');
    expect(short(await ask(world, aMessage('DISCOVER', { options: IPXE })))).toBe('ignored: mode-off');
    await ask(world, aMessage('REQUEST', { options: taking(THEIRS, OTHER) }));
    expect(world.others.macOf(THEIRS, world.clock.time)).toBe(mac());
    await world.facts.settled();
    expect(world.recorder.facts).toEqual([]);
  });
});

describe('BOOTP (RFC 1534)', () => {
  const packet = { ...aMessage('DISCOVER'), options: new Map() };
  const serving = aPolicy({ subnets: [aSubnet({ bootp: true })] });

  it('is not served unless the subnet says so, and never from the pool', async () => {
    expect(short(await ask(aWorld(), packet))).toBe('ignored: bootp');
    expect(short(await ask(aWorld({ hosts: [pooled], policy: serving }), packet))).toBe('ignored: bootp');
  });

  it('gets its reserved address without what only DHCP has', async () => {
    const reply = replyOf(await ask(aWorld({ policy: serving }), packet));
    expect(reply).toMatchObject({ op: 2, yiaddr: ME });
    expect(codes(reply)).toEqual([1, 3, 6, 12, 15, 28]);
  });
});

describe('RFC 5107', () => {
  const relay = ip('10.77.0.9');
  const override = [OPTION.relayAgent, Uint8Array.of(11, 4, ...addresses(relay))] as const;

  it('clients take a trusted relay agent for the server', async () => {
    const world = aWorld({ ...aSnapshot(), policy: aPolicy({ subnets: [aSubnet({ relays: [relay] })] }) });
    const offer = replyOf(
      await ask(world, aMessage('DISCOVER', { giaddr: relay, options: [override] }), relay),
    );
    expect(offer.options.get(OPTION.serverIdentifier)).toEqual(addresses(relay));
    expect(offer.siaddr).toBe('0.0.0.0');
    const options = [...taking(ME, relay), override];
    expect(short(await ask(world, aMessage('REQUEST', { giaddr: relay, options }), relay))).toBe(`ACK ${ME}`);
    const release = aMessage('RELEASE', { giaddr: relay, ciaddr: ME, options: options.slice(1) });
    expect(short(await ask(world, release, relay))).toBe('noted');
  });
});
