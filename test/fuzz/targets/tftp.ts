import { clientOf } from '../../../src/servers/tftp/session.ts';
import { decodeTftp, encodeTftp } from '../../../src/wire/tftp/packet.ts';
import { ack, CLIENT, read, type SentDatagram, STRANGER, TftpBench } from '../../rfc/tftp-bench.ts';
import type { Target } from '../fuzz.ts';

/** Each octet tells the next, so that a block of the wrong place is seen. */
const STEP = 7;
const CONTENT = Uint8Array.from({ length: 20_000 }, (_, at) => (at * STEP) & 255);
const FILES = { 'snponly.efi': CONTENT, small: CONTENT.subarray(0, 700), empty: new Uint8Array() };
const TRANSFERS = 4;
/** The daytime service: an answer there would begin an exchange without end. */
const ECHO = clientOf(0x0a4d000b, 7);
const CLIENTS = [CLIENT, CLIENT, STRANGER, ECHO] as const;

/** A datagram behind an octet: to which port (2 bits), from whom (2 bits), after what time (4 bits). */
function arriving(bytes: Uint8Array, how = 0): Uint8Array {
  return Buffer.concat([Uint8Array.of(how), bytes]);
}

/** Datagrams to the listener and to the ports of transfers, from several clients, while time goes by. */
export const TFTP: Target = {
  name: 'tftp',
  seeds: () => [
    [arriving(read('snponly.efi')), arriving(ack(1), 1), arriving(ack(2), 1)],
    [arriving(read('small', { blksize: '1468', tsize: '0' })), arriving(ack(0), 1), arriving(ack(1), 1)],
    [
      arriving(read('snponly.efi', { windowsize: '16', blksize: '512', timeout: '1' })),
      arriving(ack(0), 1),
      arriving(ack(5), 1),
    ],
    [arriving(read('empty', {}, 'netascii')), arriving(ack(1), 0xf1)],
    [arriving(read('other', { rollover: '0' })), arriving(ack(1), 9)],
    [
      arriving(encodeTftp({ kind: 'write', file: 'x', mode: 'octet', options: new Map() })),
      arriving(read('small'), 12),
    ],
    [
      arriving(read('small', { tsize: '0' })),
      arriving(encodeTftp({ kind: 'error', code: 8, message: 'no' }), 1),
    ],
    [
      arriving(encodeTftp({ kind: 'data', block: 1, data: new Uint8Array(8) })),
      arriving(read('snponly.efi')),
    ],
  ],
  check: (input) => {
    for (const ports of ['single', 'per-transfer'] as const) {
      const bench = new TftpBench(FILES, ports, TRANSFERS);
      let channel = bench.listener;
      for (const message of input) {
        const how = message[0] ?? 0;
        checkSent(bench, bench.pass((how >> 4) * 100), 64 * TRANSFERS);
        const from = CLIENTS[(how >> 2) & 3] ?? CLIENT;
        const to = (how & 3) === 0 ? bench.listener : channel;
        const sent = bench.receive(message.subarray(1), to, from);
        checkSent(bench, sent, 64);
        channel = sent[0]?.channel ?? channel;
      }
      checkEnd(bench);
    }
  },
};

function checkSent(bench: TftpBench, sent: readonly SentDatagram[], most: number): void {
  if (bench.active > TRANSFERS) throw new Error(`${bench.active} transfers are under way`);
  if (sent.length > most) throw new Error(`${sent.length} datagrams were sent at once`);
  for (const { bytes, client } of sent) {
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) throw new Error(`What was sent cannot be read: ${decoded.reason}`);
    if (client === ECHO) throw new Error('The port of another service was answered');
    if (decoded.packet.kind !== 'data') continue;
    const { data } = decoded.packet;
    if (data.length > 1468) throw new Error(`A block has ${data.length} octets`);
    if (!data.every((octet, at) => at === 0 || octet === (((data[at - 1] ?? 0) + STEP) & 255)))
      throw new Error('A block is mixed up');
  }
}

/** Whatever was begun ends by itself, with a bounded number of datagrams. */
function checkEnd(bench: TftpBench): void {
  for (let steps = 0; bench.active > 0; steps++) {
    if (steps > 200) throw new Error('A transfer never ends');
    checkSent(bench, bench.pass(), 64 * TRANSFERS);
  }
}
