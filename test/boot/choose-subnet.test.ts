import { describe, expect, it } from 'vitest';
import { chooseSubnet } from '../../src/boot/choose-subnet.ts';
import type { TriedRule } from '../../src/boot/trace.ts';
import { formatSubnet, type Ipv4, parseSubnet } from '../../src/core/address.ts';
import type { ServedSubnet } from '../../src/core/subnet.ts';
import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import { NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import { aPolicy, aSubnet, ip } from '../builders.ts';
import { aMessage } from './world.ts';

const RELAY = ip('10.78.0.2');
const policy = aPolicy({
  subnets: [
    subnetAt('10.77.0.0/24', '10.77.0.1'),
    subnetAt('10.78.0.0/24', '10.78.0.1', [RELAY]),
    // Reached by relay agents alone.
    subnetAt('10.79.0.0/24', '10.77.0.1', [ip('10.77.0.9')]),
  ],
});

function subnetAt(network: string, server: string, relays: readonly Ipv4[] = []): ServedSubnet {
  const subnet = parseSubnet(network);
  return aSubnet({ ...(subnet && { subnet }), serverAddress: ip(server), relays });
}

type Given = Parameters<typeof aMessage>[1];
type From = { readonly local?: Ipv4; readonly source?: Ipv4; readonly service?: 'dhcp' | 'boot-server' };

function choose(given: Given, { source = NO_ADDRESS, service = 'dhcp', ...from }: From = {}) {
  return chooseSubnet({ packet: aMessage('DISCOVER', given), source, service, ...from }, policy);
}

function chosen(given: Given, from?: From): string {
  const choice = choose(given, from);
  return choice.ok ? formatSubnet(choice.subnet.subnet) : choice.reason;
}

describe('without a relay agent', () => {
  it.each([
    ['a client that has an address', { ciaddr: ip('10.78.0.9') }, '10.78.0.0/24'],
    ['C7: a client with an address of no subnet', { ciaddr: ip('10.80.0.9') }, 'outside-subnet'],
    ['a client without an address, link unknown', {}, '10.77.0.0/24'],
    ['B13: a client that selects a subnet itself', selecting('10.78.0.0'), '10.77.0.0/24'],
    ['B10: a client that adds option 82 itself', linked('10.78.0.0'), '10.77.0.0/24'],
  ])('%s', (_name, given, expected) => {
    expect(chosen(given)).toBe(expected);
  });

  it('the link tells the subnet of a client without an address', () => {
    expect(chosen({}, { local: ip('10.78.0.1') })).toBe('10.78.0.0/24');
    expect(chosen({}, { local: ip('10.80.0.1') })).toBe('outside-subnet');
  });

  it('the boot server goes by the address that it answers', () => {
    const from = { service: 'boot-server', source: ip('10.78.0.50') } as const;
    expect(chosen({ ciaddr: ip('10.77.0.50') }, from)).toBe('10.78.0.0/24');
    expect(chosen({}, { ...from, source: ip('192.0.2.1') })).toBe('outside-subnet');
  });
});

describe('by a relay agent', () => {
  it.each([
    ['B11: outside all subnets', { giaddr: ip('192.168.0.1') }, 'relay-not-served'],
    ['B11: at 127.0.0.1', { giaddr: ip('127.0.0.1') }, 'relay-not-served'],
    ['B11: at 0.0.0.1', { giaddr: ip('0.0.0.1') }, 'relay-not-served'],
    ['B11: at the broadcast address', { giaddr: ip('10.77.0.255') }, 'relay-not-served'],
    ['B11: with our own address', { giaddr: ip('10.77.0.1') }, 'relay-not-served'],
    ['inside a subnet', { giaddr: ip('10.78.0.9'), hops: 1 }, '10.78.0.0/24'],
    ['of a subnet whose server is elsewhere', { giaddr: ip('10.79.0.1') }, '10.79.0.0/24'],
    ['RFC 3527: trusted, for another link', { giaddr: RELAY, ...linked('10.77.0.0') }, '10.77.0.0/24'],
    [
      'RFC 3527: in no subnet, trusted by the one it names',
      { giaddr: ip('10.77.0.9'), ...linked('10.79.0.0') },
      '10.79.0.0/24',
    ],
    ['RFC 3011: trusted, for another link', { giaddr: RELAY, ...selecting('10.77.0.0') }, '10.77.0.0/24'],
    ['B13: link selection, not trusted', { giaddr: ip('10.78.0.3'), ...linked('10.77.0.0') }, '10.78.0.0/24'],
    [
      'B13: subnet selection, not trusted',
      { giaddr: ip('10.78.0.3'), ...selecting('10.77.0.0') },
      '10.78.0.0/24',
    ],
    ['trusted, for a link of nobody', { giaddr: RELAY, ...linked('10.99.0.0') }, 'relay-not-served'],
    [
      'B10: a sub-option that is cut off',
      { giaddr: RELAY, options: [[OPTION.relayAgent, Uint8Array.of(5, 4, 10)]] as const },
      '10.78.0.0/24',
    ],
    [
      'B10: 255 octets of nested lengths',
      { giaddr: RELAY, options: [[OPTION.relayAgent, new Uint8Array(255).fill(255)]] as const },
      '10.78.0.0/24',
    ],
  ])('%s', (_name, given, expected) => {
    expect(chosen(given)).toBe(expected);
  });

  it('RFC 3527 section 3: link selection goes before subnet selection', () => {
    const options = [...linked('10.77.0.0').options, ...selecting('10.79.0.0').options];
    expect(chosen({ giaddr: RELAY, options })).toBe('10.77.0.0/24');
  });

  it.each([
    [
      'B13: another link than its own, not trusted',
      { giaddr: ip('10.78.0.3'), ...linked('10.77.0.0') },
      '10.77.0.0',
    ],
    ['a link of nobody, not trusted', { giaddr: ip('10.78.0.3'), ...linked('10.99.0.0') }, '10.99.0.0'],
    ['its own link, not trusted', { giaddr: ip('10.78.0.3'), ...linked('10.78.0.0') }, undefined],
    ['another link, trusted', { giaddr: RELAY, ...linked('10.77.0.0') }, undefined],
    ['no link', { giaddr: ip('10.78.0.3') }, undefined],
  ])('tells which link it named in vain: %s', (_name, given, unheeded) => {
    expect(choose(given)).toMatchObject({ unheeded });
  });

  it('RFC 5107: a trusted relay agent names the server identifier', () => {
    const options = [[OPTION.relayAgent, Uint8Array.of(11, 4, 10, 78, 0, 2)]] as const;
    expect(choose({ giaddr: RELAY, options })).toMatchObject({ serverId: RELAY, byTrustedRelay: true });
    expect(choose({ giaddr: ip('10.78.0.3'), options })).toMatchObject({
      serverId: ip('10.78.0.1'),
      byTrustedRelay: false,
    });
  });
});

it('tells the rules that it tried', () => {
  const rules: TriedRule[] = [];
  const packet = aMessage('DISCOVER', { giaddr: ip('10.78.0.3'), ...linked('10.77.0.0') });
  chooseSubnet({ packet, source: NO_ADDRESS, service: 'dhcp' }, policy, (rule) => rules.push(rule));
  expect(rules.map(({ rule, taken }) => [rule, taken])).toEqual([
    ['link selection 10.77.0.0', false],
    ['relay agent (giaddr)', true],
  ]);
});

/** Option 82 with sub-option 5. */
function linked(address: string) {
  return { options: [[OPTION.relayAgent, Uint8Array.of(5, 4, ...addresses(ip(address)))]] as const };
}

/** Option 118. */
function selecting(address: string) {
  return { options: [[OPTION.subnetSelection, addresses(ip(address))]] as const };
}
