import { describe, expect, it } from 'vitest';
import { replyDestination } from '../../../src/wire/dhcp/destination.ts';
import { OPTION, octet } from '../../../src/wire/dhcp/options.ts';
import { NO_ADDRESS } from '../../../src/wire/dhcp/packet.ts';
import { aMessage } from '../../boot/world.ts';
import { ip, mac } from '../../builders.ts';

const giaddr = ip('10.77.0.9');
const ciaddr = ip('10.77.0.11');
const yiaddr = ip('10.77.0.12');
const ACK = [[OPTION.messageType, octet(5)]] as const;
const NAK = [[OPTION.messageType, octet(6)]] as const;

describe('replyDestination (RFC 2131 section 4.1)', () => {
  it.each([
    ['a relay agent', { giaddr, ciaddr, yiaddr, options: ACK }, { kind: 'relay', address: giaddr }],
    ['a NAK by a relay agent', { giaddr, options: NAK }, { kind: 'relay', address: giaddr }],
    ['a NAK, even with ciaddr', { ciaddr, options: NAK }, { kind: 'broadcast' }],
    [
      'a client that uses its address',
      { ciaddr, yiaddr: ciaddr, options: ACK },
      { kind: 'unicast', address: ciaddr },
    ],
    [
      'C8: ciaddr and broadcast flag',
      { ciaddr, flags: 0x8000, options: ACK },
      { kind: 'unicast', address: ciaddr },
    ],
    ['the broadcast flag', { yiaddr, flags: 0x8000, options: ACK }, { kind: 'broadcast' }],
    [
      'C8: reserved flags alone',
      { yiaddr, flags: 0x7fff, options: ACK },
      { kind: 'hardware', address: yiaddr, mac: mac() },
    ],
    ['a client without address', { yiaddr, options: ACK }, { kind: 'hardware', address: yiaddr, mac: mac() }],
  ])('sends to %s', (_name, given, expected) => {
    expect(replyDestination(aMessage('REQUEST', { giaddr: NO_ADDRESS, ...given }))).toEqual(expected);
  });
});
