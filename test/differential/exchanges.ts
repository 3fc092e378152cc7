import { addresses, OPTION } from '../../src/wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket } from '../../src/wire/dhcp/packet.ts';
import { aMessage, taking } from '../boot/world.ts';
import { ip, mac } from '../builders.ts';

/** What the server says, if anything. */
export type Answer = 'OFFER' | 'ACK' | 'NAK' | 'none';

/** A message that every server gets, and the way that it comes. */
export interface Exchange {
  readonly name: string;
  readonly answer: Answer;
  readonly via: 'client' | 'relay';
  readonly packet: DhcpPacket;
}

const HOST = ip('10.77.0.11');
const RELAY = ip('10.77.0.9');
const STRANGER = mac('52:54:00:77:00:99');
const LIST = [OPTION.parameterList, Uint8Array.of(1, 3, 6, 15, 28, 51, 54)] as const;
const IDENTIFIER = [OPTION.clientIdentifier, Uint8Array.of(1, 0x52, 0x54, 0, 0x77, 0, 1)] as const;
const TO_SERVER = [OPTION.serverIdentifier, addresses(ip('10.77.0.1'))] as const;
const SIZE = [OPTION.maxMessageSize, Uint8Array.of(2, 64)] as const;

function requesting(address = HOST): readonly [number, Uint8Array] {
  return [OPTION.requestedAddress, addresses(address)];
}

/** What a client says, and the answer. */
const MESSAGES: readonly (readonly [name: string, answer: Answer, packet: DhcpPacket])[] = [
  ['DISCOVER', 'OFFER', aMessage('DISCOVER', { options: [LIST] })],
  ['DISCOVER that asks for its address', 'OFFER', aMessage('DISCOVER', { options: [LIST, requesting()] })],
  ['DISCOVER with an identifier', 'OFFER', aMessage('DISCOVER', { options: [LIST, IDENTIFIER, SIZE] })],
  ['SELECTING', 'ACK', aMessage('REQUEST', { options: [LIST, ...taking(HOST)] })],
  ['SELECTING another server', 'none', aMessage('REQUEST', { options: taking(HOST, ip('10.77.0.2')) })],
  ['INIT-REBOOT', 'ACK', aMessage('REQUEST', { options: [LIST, requesting()] })],
  ['INIT-REBOOT, wrong network', 'NAK', aMessage('REQUEST', { options: [requesting(ip('192.0.2.9'))] })],
  ['REBINDING', 'ACK', aMessage('REQUEST', { ciaddr: HOST, options: [LIST] })],
  ['RELEASE', 'none', aMessage('RELEASE', { ciaddr: HOST, options: [TO_SERVER] })],
  ['DISCOVER after the RELEASE', 'OFFER', aMessage('DISCOVER', { options: [LIST] })],
  [
    'INIT-REBOOT of a stranger',
    'none',
    aMessage('REQUEST', { chaddr: STRANGER, options: [requesting(ip('10.77.0.150'))] }),
  ],
];

/** All of that by a client with the broadcast flag, and by a relay agent. */
export const EXCHANGES: readonly Exchange[] = MESSAGES.flatMap(([name, answer, given], at): Exchange[] => {
  const packet = { ...given, xid: 0x1000 + at, secs: 3 };
  const relayed = { ...packet, xid: 0x2000 + at, hops: 1, giaddr: RELAY };
  const alone: Exchange = { name, answer, via: 'client', packet: { ...packet, flags: BROADCAST_FLAG } };
  // What goes to an address in use is not heard by somebody who does not have it.
  return [
    ...(name === 'REBINDING' ? [] : [alone]),
    { name: `${name}, relayed`, answer, via: 'relay', packet: relayed },
  ];
});
