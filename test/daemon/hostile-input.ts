import { encodePacket } from '../../src/wire/dhcp/packet.ts';
import type { DhcpClients, Message } from './dhcp-client.ts';
import { macNumber } from './dhcp-client.ts';

/** One row of hostile input: its name, and datagrams or connections' bytes to send. */
export type Row = readonly [name: string, bytes: readonly Uint8Array[]];

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes with some octets changed, cut short, or with noise behind them. */
export function mutated(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let count = 1 + Math.floor(random() * 12); count > 0; count--)
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  const kind = random();
  if (kind < 0.2) return copy.subarray(0, Math.floor(random() * copy.length));
  if (kind < 0.4) return Buffer.concat([copy, noise(Math.floor(random() * 1000), random)]);
  return copy;
}

/** Random octets. */
export function noise(length: number, random: () => number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => Math.floor(random() * 256)));
}

const TEXT = '\u001b[31m\r\n{"level":"fatal"}\0${IFS};reboot<script>../../etc/passwd%00';
const TEXT_CODES = [12, 43, 60, 61, 66, 67, 77, 81, 82, 93, 94, 97, 175] as const;

/** Rows A1 to A16 and some of B of the list of bad input; all would come from relay agent and MAC of a good client. */
export function dhcpRows(clients: DhcpClients): readonly Row[] {
  const mac = macNumber(0xbad);
  const good = (given: Partial<Message> = {}): Buffer =>
    Buffer.from(encodePacket(clients.packet({ type: 'DISCOVER', mac, ...given })));
  const head = good().subarray(0, 240);
  const set = (at: number, ...octets: readonly number[]): Buffer => {
    const copy = good();
    copy.set(octets, at);
    return copy;
  };
  const after = (...options: readonly (number | readonly number[])[]): Buffer =>
    Buffer.concat([head, Buffer.from(options.flat())]);
  const fill = (length: number, octet: number): number[] => Array.from({ length }, () => octet);
  return [
    ['A1 shorter than the header', [0, 1, 43, 235, 239].map((length) => good().subarray(0, length))],
    ['A2 no options', [head]],
    ['A3 bad cookie', [set(236, 0, 0, 0, 0), set(236, 0x63, 0x82, 0x53, 0x64)]],
    ['A4 replies and unknown operations', [2, 0, 3, 255].map((op) => set(0, op))],
    ['A5 hardware address lengths', [0, 17, 255].map((length) => set(2, length))],
    ['A5 hardware types', [6, 32, 99].map((type) => set(1, type))],
    [
      'A6 no or group addresses',
      [set(28, ...fill(6, 0)), set(28, ...fill(6, 255)), set(28, 1, 0, 0x5e, 0, 0, 1)],
    ],
    ['A7 option past the end', [after(53, 1, 1, 12, 255, 65), after(53, 1, 1, 12), after(53)]],
    [
      'A8 no end, only pads, rubbish after the end',
      [after(53, 1, 1), after(fill(60_000, 0)), after(255, fill(500, 7))],
    ],
    [
      'A9 empty options',
      [
        after(
          53,
          1,
          1,
          [12, 50, 53, 54, 55, 60, 61, 77, 82, 93, 94, 97].flatMap((code) => [code, 0]),
        ),
      ],
    ],
    [
      'A10 message types',
      [
        after(12, 1, 65, 255),
        ...[0, 9, 18, 255].map((type) => after(53, 1, type, 255)),
        after(53, 2, 1, 3, 255),
        after(53, 1, 1, 53, 1, 3, 255),
      ],
    ],
    [
      'A11 split options',
      [after(53, 1, 1, 60, 3, 80, 88, 69, 12, 1, 65, 60, 6, 67, 108, 105, 101, 110, 116, 255)],
    ],
    ['A12 overload', [1, 2, 3, 0, 4].map((value) => after(53, 1, 1, 52, 1, value, 255))],
    ['A12 overload again inside file', [overloaded(after(52, 1, 3, 255))]],
    ['A13 full sname and file', [set(44, ...fill(192, 65))]],
    ['A14 large datagrams', [1473, 9000, 65_000].map((length) => after(fill(length - 240, 12)))],
    [
      'A15 maximum sizes',
      [0, 1, 68, 575, 65_535].map((size) => after(53, 1, 1, 57, 2, size >> 8, size & 255, 255)),
    ],
    ['A16 5000 options', [after(Array.from({ length: 5000 }, (_, at) => [1 + (at % 250), 1, 0]).flat())]],
    ['B texts that are not texts', TEXT_CODES.map((code) => good({ options: [[code, Buffer.from(TEXT)]] }))],
    [
      'B texts of PXE clients',
      TEXT_CODES.map((code) =>
        good({
          options: [
            [60, Buffer.from(`PXEClient:Arch:00007${TEXT}`)],
            [code, Buffer.from(TEXT)],
          ],
        }),
      ),
    ],
    [
      'B11 relay agents',
      [
        [0, 0, 0, 1],
        [127, 0, 0, 1],
        [255, 255, 255, 255],
        [10, 1, 2, 3],
      ].map((giaddr) => set(24, ...giaddr)),
    ],
    ['B12 hops', [17, 255].map((hops) => set(3, hops))],
    ['C5 INFORM without an address', [good({ type: 'INFORM' })]],
    [
      'C6 types of servers and of later documents',
      [2, 5, 6, 9, 10, 13, 18].map((type) => after(53, 1, type, 255)),
    ],
    ['C8 all flags', [set(10, 255, 255)]],
  ];
}

/** Options in `file` and `sname` that announce overload again. */
function overloaded(packet: Buffer): Buffer {
  const copy = Buffer.from(packet);
  for (const at of [44, 108]) copy.set([52, 1, 3, 53, 1, 1, 255], at);
  return copy;
}

/** What nobody should ask of a TFTP server. */
export function tftpRows(): readonly Row[] {
  const text = (value: string): Buffer => Buffer.from(value, 'latin1');
  const read = (file: string, mode = 'octet'): Buffer => text(`\0\x01${file}\0${mode}\0`);
  // The log names the first of many only.
  const names = [
    TEXT.replaceAll('\0', ''),
    '../x',
    '/etc/passwd',
    '..\\x',
    'C:\\x',
    '%2e%2e/x',
    'a/../../x',
    '//x',
    '\xc0\xae\xc0\xae/x',
    'CON',
  ];
  return [
    [
      'T1 short and unknown',
      ['', '\0', '\0\x01', '\0\x01x', '\0\0xx', '\0\x06xx', '\0\x07xx', '\xff\xffxx', '\x01\0x\0octet\0'].map(
        text,
      ),
    ],
    [
      'T2 texts without an end',
      ['\0\x01x', '\0\x01snponly.efi\0octet', '\0\x01\0octet\0', '\0\x01x\0\0'].map(text),
    ],
    ['T3 long names', [512, 4096, 60_000].map((length) => read('x'.repeat(length)))],
    ['T4 ways out of the folder', names.map((name) => read(name))],
    ['T6 modes', ['netascii', 'mail', 'octet ', TEXT].map((mode) => read('snponly.efi', mode))],
    ['T7 uploads', [text('\0\x02x\0octet\0')]],
    [
      'T8 block sizes',
      ['0', '7', '65465', '-1', 'abc', '1e3', '9'.repeat(20)].map((size) =>
        text(`\0\x01snponly.efi\0octet\0blksize\0${size}\0`),
      ),
    ],
    [
      'T11 options',
      [
        text(`\0\x01snponly.efi\0octet\0${'a\0b\0'.repeat(100)}`),
        text('\0\x01snponly.efi\0octet\0timeout\0'),
      ],
    ],
    [
      'E13 messages of a transfer',
      ['\0\x03\0\x01data', '\0\x04\0\x01', '\0\x05\0\x01no\0', '\0\x06blksize\x00512\0'].map(text),
    ],
  ];
}
