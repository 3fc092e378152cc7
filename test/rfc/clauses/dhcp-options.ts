import { type Clause, provenBy } from '../clause.ts';

const OPTIONS = 'rfc/dhcp-options.test.ts';

/** Options of DHCP, and those of network boot: RFC 2132, 3004, 3396, 4578, 5970, 6842. */
export const DHCP_OPTIONS: readonly Clause[] = [
  ...provenBy(OPTIONS, 'MUST', {
    'RFC2132-2-nul-deleted': 'A text is understood with NULs at its end and without',
    'RFC2132-3.3-mask-first': 'The subnet mask precedes the router',
    'RFC2132-9.8-order': 'The server tries to return options in the order of the parameter list',
    'RFC2132-8.4-ignored': 'Vendor-specific information that is not understood is ignored',
    'RFC2132-9.13-ignored': 'A vendor class that is not known is ignored',
    'RFC3004-4-ignored': 'A user class that is not known is ignored',
    'RFC3396-5-joined': 'All options of one code are one value',
    'RFC3396-5-order': 'Parts are joined in the order options, file, sname',
    'RFC3396-6-split': 'A value of more than 255 octets is sent in parts, in its order',
    'RFC4578-2.3-machine':
      'The machine identifier (97) is in all packets of PXE, those of servers among them',
    'RFC6842-3-returned': 'A client identifier is returned unaltered in every reply',
    'RFC6842-3-absent': 'Without one in the message there is none in the reply',
  }),
  ...provenBy(OPTIONS, 'rule', {
    'RFC2132-9.6-type': 'Option 53 has one octet that says what the message is',
    'RFC2132-9.10-least': 'A client takes messages of at least 576 octets',
    'RFC2132-9.10-size': 'Option 57 is the longest message that a client takes',
    'RFC3004-4-list': 'Option 77 is a list of classes, each with its length',
    'RFC4578-2.1-first': 'Option 93 is a list of architectures, the preferred one first',
    'RFC4578-3-class': 'The class PXEClient tells answers of PXE apart',
  }),
  ...provenBy(OPTIONS, 'SHOULD', { 'RFC2132-2-no-nul': 'Texts are sent without a NUL at their end' }),
  {
    id: 'RFC3004-4-returned',
    level: 'MUST',
    requirement: 'A server that answers by user class returns the class',
    deviation:
      'Nothing that sends a class in network boot looks at it in the answer, iPXE included, and the room is needed; other servers do not return it either',
  },
  {
    id: 'RFC4578-2.1-returned',
    level: 'MUST',
    requirement: 'Option 93 is in all packets of PXE, those of servers among them',
    deviation:
      'PXE 2.1, which it describes, wants it of clients only, and no client looks for it in an answer',
  },
  {
    id: 'RFC4578-2.2-returned',
    level: 'MUST',
    requirement: 'Option 94 is in all packets of PXE, those of servers among them',
    deviation:
      'PXE 2.1, which it describes, wants it of clients only, and no client looks for it in an answer',
  },
  {
    id: 'RFC5970-3-dhcpv6',
    level: 'MUST',
    requirement: 'Boot data is given by DHCPv6',
    deviation:
      'DHCPv6 is not served; of this document only the registry of architecture codes is used, for option 93',
  },
];
