import { type Clause, provenBy } from '../clause.ts';

const PLAIN = 'rfc/tftp.test.ts';
const OPTIONS = 'rfc/tftp-options.test.ts';

/** TFTP: RFC 1350, 1123 section 4.2, 2347, 2348, 2349, 7440. */
export const TFTP_CLAUSES: readonly Clause[] = [
  ...provenBy(PLAIN, 'MUST', {
    'RFC1123-4.2.3.1-apprentice': 'A sender never sends DATA again because of a repeated ACK',
    'RFC1123-4.2.3.2-timeout': 'The time-out adapts, with exponential back-off at the least',
  }),
  ...provenBy(OPTIONS, 'MUST', {
    'RFC2347-asked-only': 'An OACK holds no option that was not asked for; options not known are left out',
    'RFC2347-once': 'An option is in an OACK once',
    'RFC2347-refused': 'A client that does not take the options ends the transfer by ERROR 8',
    'RFC2348-range': 'A block size is 8 to 65464',
    'RFC2348-smaller': 'The block size granted is not larger than that asked for',
    'RFC2349-timeout': 'A time-out is granted as it was asked for, 1 to 255 s, or not at all',
    'RFC7440-3-granted': 'The window granted is not larger than that asked for',
    'RFC7440-3-range': 'A window is 1 to 65535 blocks',
    'RFC7440-4-window': 'No more than a window is sent before an ACK',
    'RFC7440-4-gap': 'After a gap the window begins behind the block that is acknowledged',
  }),
  ...provenBy(PLAIN, 'rule', {
    'RFC1350-2-lock-step': 'One block at a time, numbered from 1; the next after the ACK',
    'RFC1350-2-resend': 'What is not acknowledged in time is sent again',
    'RFC1350-2-error-ends': 'An ERROR ends the transfer and is not answered',
    'RFC1350-2-errors-once': 'An ERROR is sent once, and nothing after it',
    'RFC1350-4-tid': 'A transfer is sent from a port of its own',
    'RFC1350-4-stranger': 'A packet of another port gets ERROR 5 and does not disturb the transfer',
    'RFC1350-5-mode': 'The mode is a text in any case',
    'RFC1350-5-write': 'A write request that is not granted is answered by ERROR',
    'RFC1350-5-nul': 'Texts end with a NUL',
    'RFC1350-6-end': 'A block of less than full length ends the file, an empty one if need be',
  }),
  ...provenBy(OPTIONS, 'rule', {
    'RFC2347-oack': 'Options are answered by OACK; the ACK of block 0 starts the transfer',
    'RFC2347-none': 'Where no option is taken, the first block is the answer',
    'RFC2347-case': 'Names of options are the same in any case',
    'RFC2348-size': 'Blocks have the size agreed on',
    'RFC2349-tsize': 'A size of 0 asks for that of the file',
    'RFC7440-4-resend': 'A window that is not acknowledged is sent again',
    'RFC7440-4-end': 'The last window ends with the short block',
  }),
  ...provenBy(PLAIN, 'SHOULD', {
    'RFC1123-4.2.2.1-mail': 'Mode mail is not served',
  }),
  {
    id: 'RFC1350-4-single-port',
    level: 'rule',
    requirement: 'The server never sends a file from the port that it was asked at',
    deviation:
      'By default it does (server.tftp.ports: single), for firewalls and for speed, as other servers can; every client in use takes any port, and "per-transfer" gives each its own',
  },
];
