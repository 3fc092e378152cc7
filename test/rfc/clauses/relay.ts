import { type Clause, provenBy } from '../clause.ts';

const RELAY = 'rfc/dhcp-relay.test.ts';

/** Relay agents and BOOTP: RFC 951, 1534, 1542, 3011, 3046, 3527, 5107. */
export const RELAY_AND_BOOTP: readonly Clause[] = [
  ...provenBy(RELAY, 'MUST', {
    'RFC3046-2.2-echo': 'Option 82 is returned whole in all replies',
    'RFC3046-2.2-not-overloaded': 'It is not put into sname or file',
    'RFC3046-2.2-whole-or-none': 'Where it cannot be returned whole, the reply goes without it',
    'RFC3011-2-returned': 'A subnet selection that is acted upon is returned',
    'RFC3011-2-ignored': 'A server that is not set up for it ignores it',
    'RFC3527-3-allocate': 'With link selection, an address is of that link',
    'RFC3527-3-first': 'It goes before subnet selection, which goes before giaddr',
    'RFC5107-4-identifier': 'A server identifier override is the server identifier of the reply',
    'RFC5107-4-request': 'A message that names it is for this server',
    'RFC1534-2-infinite': 'What a BOOTP client is given without end is never a pool’s',
    'RFC1542-5.1-replies': 'A BOOTREPLY at the server’s port is discarded',
  }),
  ...provenBy(RELAY, 'rule', {
    'RFC3046-2.2-absent': 'Without option 82 in the message there is none in the reply',
    'RFC3527-3-reply': 'Link selection does not change where the reply goes',
    'RFC3527-3-elsewhere': 'No address of another link is given instead',
    'RFC3527-5-trust': 'Link selection is believed of relay agents that are trusted',
    'RFC5107-6-trust': 'So is a server identifier override',
    'RFC1534-2-told-apart': 'A message without option 53 is one of BOOTP',
    'RFC951-7-vend': 'A BOOTP client gets no more than 64 octets of options',
    'RFC1542-4.1.1-hops': 'A message with more than 16 hops is in a loop',
  }),
  ...provenBy(RELAY, 'SHOULD', { 'RFC3046-2.2-last': 'Option 82 is the last option' }),
  ...provenBy('rfc/dhcp-reply.test.ts', 'MUST', {
    'RFC1542-2.2-flags': 'Reserved bits of flags are ignored',
  }),
  ...provenBy('rfc/dhcp-reply.test.ts', 'rule', { 'RFC951-3-size': 'A reply has at least 300 octets' }),
];
