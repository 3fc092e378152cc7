import { describe, expect, it } from 'vitest';
import { notForUs, readWish } from '../../src/boot/request.ts';
import { addresses, OPTION, octet } from '../../src/wire/dhcp/options.ts';
import { NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import { aSubnet, ip, mac } from '../builders.ts';
import { aMessage, taking } from './world.ts';

const subnet = aSubnet();
const wishOf = (packet: ReturnType<typeof aMessage>, source = NO_ADDRESS) =>
  readWish({ packet, source, service: 'dhcp' }, { subnet, byTrustedRelay: false });
const ciaddr = ip('10.77.0.11');
const from = ip('10.77.0.66');
const requested = [OPTION.requestedAddress, addresses(ciaddr)] as const;

describe('is it for us?', () => {
  it.each([
    ['A4: a reply', { op: 2 as const }, 'is-a-reply'],
    ['B12: 17 hops', { hops: 17 }, 'too-many-hops'],
    ['a client', {}, undefined],
  ])('%s', (_name, given, expected) => {
    expect(notForUs(aMessage('DISCOVER', given))).toBe(expected);
  });

  it.each([
    ['A10: an empty option 53', [[53, new Uint8Array(0)]], 'unsupported-message'],
    ['C6: LEASEQUERY', [[53, octet(10)]], 'unsupported-message'],
    ['an OFFER', [[53, octet(2)]], 'unsupported-message'],
    ['a NAK', [[53, octet(6)]], 'unsupported-message'],
  ] as const)('%s', (_name, options, expected) => {
    expect(notForUs({ ...aMessage('DISCOVER'), options: new Map(options) })).toBe(expected);
  });
});

describe('what does it want? (RFC 2131 table 4)', () => {
  it.each([
    ['DISCOVER', aMessage('DISCOVER'), { kind: 'discover' }],
    [
      'DISCOVER with a wish',
      aMessage('DISCOVER', { options: [requested] }),
      { kind: 'discover', requested: ciaddr },
    ],
    [
      'SELECTING',
      aMessage('REQUEST', { options: taking(ciaddr) }),
      { kind: 'selecting', server: subnet.serverAddress, requested: ciaddr },
    ],
    [
      'INIT-REBOOT',
      aMessage('REQUEST', { options: [requested] }),
      { kind: 'init-reboot', requested: ciaddr },
    ],
    ['RENEWING', aMessage('REQUEST', { ciaddr }), { kind: 'renewing', requested: ciaddr }],
    ['DECLINE', aMessage('DECLINE', { options: [requested] }), { kind: 'decline', requested: ciaddr }],
    ['INFORM', aMessage('INFORM', { ciaddr }), { kind: 'inform', requested: ciaddr }],
    ['C5: INFORM without ciaddr', aMessage('INFORM'), { kind: 'inform', requested: from }],
    ['A2: BOOTP', { ...aMessage('DISCOVER'), options: new Map() }, { kind: 'bootp' }],
  ])('%s', (_name, packet, wish) => {
    expect(wishOf(packet, from)).toEqual({ ok: true, wish });
  });

  it.each([
    ['A6: a zero MAC', aMessage('DISCOVER', { chaddr: mac('00:00:00:00:00:00') }), 'bad-mac'],
    ['A6: the broadcast MAC', aMessage('DISCOVER', { chaddr: mac('ff:ff:ff:ff:ff:ff') }), 'bad-mac'],
    ['A6: a multicast MAC', aMessage('DISCOVER', { chaddr: mac('01:00:5e:00:00:01') }), 'bad-mac'],
    ['REQUEST of nothing', aMessage('REQUEST'), 'missing-address'],
    [
      'REQUEST of 0.0.0.0',
      aMessage('REQUEST', { options: [[50, addresses(NO_ADDRESS)]] }),
      'missing-address',
    ],
    [
      'REQUEST with a short option 50',
      aMessage('REQUEST', { options: [[50, octet(10)]] }),
      'missing-address',
    ],
    ['DECLINE of nothing', aMessage('DECLINE'), 'missing-address'],
    ['RELEASE of nothing', aMessage('RELEASE'), 'missing-address'],
    [
      'C5: INFORM without ciaddr by a relay agent',
      aMessage('INFORM', { giaddr: ip('10.77.0.9') }),
      'missing-address',
    ],
    ['C7: INFORM from elsewhere', aMessage('INFORM', { ciaddr: ip('8.8.8.8') }), 'outside-subnet'],
    ['C7: RENEWING from elsewhere', aMessage('REQUEST', { ciaddr: ip('127.0.0.1') }), 'outside-subnet'],
    [
      'RENEWING of the broadcast address',
      aMessage('REQUEST', { ciaddr: ip('10.77.0.255') }),
      'outside-subnet',
    ],
    [
      "RENEWING of the server's address",
      aMessage('REQUEST', { ciaddr: subnet.serverAddress }),
      'outside-subnet',
    ],
    ['C4: RELEASE from another address', aMessage('RELEASE', { ciaddr }), 'wrong-source'],
  ])('%s', (_name, packet, reason) => {
    expect(wishOf(packet, from)).toEqual({ ok: false, reason });
  });
});

it('C4: RFC 5107 section 4: a trusted relay agent brings the RELEASE of its client', () => {
  const packet = aMessage('RELEASE', { ciaddr, giaddr: from });
  const wish = readWish({ packet, source: from, service: 'dhcp' }, { subnet, byTrustedRelay: true });
  expect(wish).toEqual({ ok: true, wish: { kind: 'release', requested: ciaddr } });
});
