import { type Clause, provenBy } from '../clause.ts';

/** RFC 2131, Dynamic Host Configuration Protocol: what it asks of a server. */
export const DHCP: readonly Clause[] = [
  ...provenBy('rfc/dhcp-reply.test.ts', 'MUST', {
    'RFC2131-2-flags': 'Bits of flags other than the broadcast bit are ignored',
    'RFC2131-3.2-nak-broadcast': 'A NAK to a client on the same link goes to 255.255.255.255',
    'RFC2131-4.1-nak-broadcast': 'Without giaddr every NAK is broadcast, whatever ciaddr says',
    'RFC2131-4.3.2-nak-relay': 'A NAK through a relay agent goes to giaddr with the broadcast bit set',
    'RFC2131-4.1-end': 'The magic cookie precedes the options, the end option is the last',
    'RFC2131-4.1-overload-announced': 'Option 52 with 1, 2 or 3 is there when file or sname hold options',
    'RFC2131-4.1-overload-whole':
      'A field used for options begins with one, ends with the end option and is filled with pads; so does the options field',
    'RFC2131-4.1-overload-contained': 'No option spans two fields',
    'RFC2131-4.1-overload-read': 'Options are read from the options field, then file, then sname',
    'RFC2131-4.3.1-fields':
      'Table 3: op, htype, hlen, hops, secs are fixed; xid, flags, giaddr, chaddr are those of the message',
    'RFC2131-4.3.1-addresses':
      'Table 3: yiaddr is the address in OFFER and ACK, zero in NAK; ciaddr zero without one',
    'RFC2131-4.3.1-ciaddr': 'Table 3: ciaddr of an ACK is that of the REQUEST, or zero',
    'RFC2131-4.3.1-always': 'Table 3: options 53 and 54 are in every OFFER, ACK and NAK',
    'RFC2131-4.3.1-never': 'Table 3: options 50, 55 and 57 are in none',
    'RFC2131-4.3.1-lease-time': 'Table 3: option 51 is in OFFER and in the ACK of a REQUEST, not in NAK',
    'RFC2131-4.3.1-nak': 'Table 3: a NAK has no other options, and neither file nor sname',
  }),
  ...provenBy('rfc/dhcp-reply.test.ts', 'rule', {
    'RFC2131-4.1-to-relay': 'With giaddr, replies go to the server port of the relay agent',
    'RFC2131-4.1-to-ciaddr': 'Without giaddr but with ciaddr, OFFER and ACK go to ciaddr',
    'RFC2131-4.1-broadcast-flag': 'With neither but with the broadcast bit, they are broadcast',
    'RFC2131-4.1-to-hardware': 'With none of those, they go to yiaddr at the hardware address',
    'RFC2131-2-size': 'A client that does not negotiate need not take more than 576 octets',
    'RFC1700-padding': 'Unused octets of chaddr are zero',
  }),
  ...provenBy('rfc/dhcp-states.test.ts', 'MUST', {
    'RFC2131-3.4-inform': 'INFORM makes no lease, and its answer has neither yiaddr nor lease times',
    'RFC2131-3.4-inform-no-check': 'For an INFORM no lease is looked for',
    'RFC2131-4.1-own-identifiers': 'Every address of the server is taken for its identifier',
    'RFC2131-4.2-chaddr': 'A client that sends no identifier is known by chaddr',
    'RFC2131-4.3.2-init-reboot-silent': 'INIT-REBOOT of a client without a record is not answered',
    'RFC2131-4.3.3-decline': 'A declined address is not available',
    'RFC2131-4.3.5-inform-no-lease-time': 'The ACK of an INFORM has no lease time',
  }),
  ...provenBy('rfc/dhcp-states.test.ts', 'rule', {
    'RFC2131-3.1-commit': 'The binding is in permanent storage before the ACK',
    'RFC2131-4.3.1-subnet': 'A new address is of the subnet of giaddr, or of the link',
    'RFC2131-4.3.2-selecting-other':
      'A REQUEST that names another server is not answered, and tells that our offer is declined',
    'RFC2131-4.3.2-renewing': 'RENEWING and REBINDING are answered by ciaddr',
    'RFC2131-4.3.4-release': 'A released address is not allocated; its client is remembered',
    'RFC2131-4.3.5-inform-to-ciaddr': 'The ACK of an INFORM goes to ciaddr',
    'RFC2131-4.3.1-given-time': 'A time that is asked for may be answered by another',
  }),
  ...provenBy('rfc/dhcp-states.test.ts', 'SHOULD', {
    'RFC2131-3.1-same': 'The ACK has the parameters of the OFFER',
    'RFC2131-3.1-selecting-gone': 'An offer that cannot be kept is answered by NAK',
    'RFC2131-4.3.1-current': 'First choice: the address of the current binding',
    'RFC2131-4.3.1-previous': 'Second: that of the previous binding, when it is free',
    'RFC2131-4.3.1-requested': 'Third: the address of option 50, when it is valid and free',
    'RFC2131-4.3.1-offered': 'An offered address is not used again before its client answers',
    'RFC2131-4.3.2-init-reboot-wrong-net':
      'INIT-REBOOT with an address of another network is answered by NAK',
    'RFC2131-4.3.2-init-reboot-wrong':
      'INIT-REBOOT with another address than the recorded is answered by NAK',
    'RFC2131-4.3.2-rebinding-check': 'REBINDING is checked before it is answered',
  }),
  ...provenBy('rfc/dhcp-options.test.ts', 'MUST', {
    'RFC2131-4.3.1-configured': 'Parameters that are asked for and configured are returned',
    'RFC2131-4.3.1-unknown': 'Parameters that the server has no value for are not',
    'RFC2131-4.3.1-once': 'Each parameter is returned once',
  }),
  ...provenBy('rfc/dhcp-options.test.ts', 'rule', {
    'RFC2131-3.5-ignored': 'Options that are mere hints may be ignored',
  }),
  {
    id: 'RFC2131-4.2-client-identifier',
    level: 'MUST',
    requirement: 'A client that sends an identifier (option 61) is known by that',
    deviation:
      'A host is known by its MAC: one machine sends up to three client identifiers in one boot, of firmware, iPXE and system, and would need three addresses',
  },
  {
    id: 'RFC2131-4.3.1-host-requirements',
    level: 'MUST',
    requirement:
      'Parameters of the Host Requirements are returned with their defaults when they are asked for',
    deviation: 'A client knows the defaults of its own standard; no server in use sends them',
  },
  {
    id: 'RFC2131-4.3.1-class-match',
    level: 'MUST',
    requirement: 'Parameters of a class go to clients whose vendor class is exactly that',
    deviation:
      'PXE and HTTP Boot put architecture and version behind the class name (RFC 4578 section 3), so the name at its beginning counts',
  },
  {
    id: 'RFC2131-4.3.1-lease-remaining',
    level: 'rule',
    requirement: 'A client that has an address and asks for no time is told what remains of its lease',
    deviation:
      'It is offered a new lease of full length: firmware never asks for a time and would soon be without an address',
  },
];
