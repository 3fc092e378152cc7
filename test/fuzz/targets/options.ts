import { describeOption } from '../../../src/wire/dhcp/describe-option.ts';
import { decodePacket, encodePacket, encodeReply } from '../../../src/wire/dhcp/packet.ts';
import {
  readArchitectures,
  readBootItem,
  readMachineId,
  readUserClasses,
} from '../../../src/wire/dhcp/pxe-options.ts';
import { readRelayWord } from '../../../src/wire/dhcp/relay-options.ts';
import { toNetascii } from '../../../src/wire/tftp/netascii.ts';
import { aMessage, IPXE } from '../../boot/world.ts';
import type { Target } from '../fuzz.ts';

/** Octets as values of options: read by each reader, written and read again. One message is one value. */
export const OPTIONS: Target = {
  name: 'options',
  seeds: () => [
    IPXE.map(([, value]) => value),
    [
      Uint8Array.of(5, 4, 10, 78, 0, 0, 11, 4, 10, 77, 0, 9),
      Uint8Array.of(71, 4, 0, 0, 0, 0, 255),
      new Uint8Array(17),
    ],
    [Buffer.alloc(300, 65), Buffer.alloc(255, 7), Buffer.from('line\r\nline\n')],
  ],
  check: (input) => {
    for (const value of input) checkReaders(value);
    const options = new Map([
      ...aMessage('DISCOVER').options,
      ...input.map((value, at) => [60 + at * 11, value] as const),
    ]);
    for (const limit of [0, 300, 548, 1472]) checkRoundTrip(options, limit);
  },
};

function checkReaders(value: Uint8Array): void {
  for (let code = 0; code < 256; code++) {
    const { value: shown } = describeOption(code, value);
    if (/[\0-\x1f\x7f-\x9f]/.test(shown)) throw new Error(`Option ${code} is shown with control characters`);
  }
  readRelayWord(new Map([[82, value]]));
  readBootItem(value);
  readMachineId(value);
  readArchitectures(value);
  readUserClasses(value);
  const text = toNetascii(value);
  if (text.length < value.length || text.length > 2 * value.length)
    throw new Error('netascii of another length');
}

function checkRoundTrip(options: ReadonlyMap<number, Uint8Array>, limit: number): void {
  const packet = { ...aMessage('DISCOVER'), options };
  const bytes = encodePacket(packet, limit);
  if (bytes.length > Math.max(limit, 300)) throw new Error(`${bytes.length} octets for a limit of ${limit}`);
  const decoded = decodePacket(bytes);
  if (!decoded.ok) throw new Error(`What was written cannot be read: ${decoded.reason}`);
  if (decoded.packet.options.get(53)?.[0] !== 1) throw new Error('The message type is lost');
  for (const [code, value] of decoded.packet.options) {
    if (code !== 52 && Buffer.compare(value, options.get(code) ?? Buffer.of()) !== 0)
      throw new Error(`Option ${code} comes back as another`);
  }
  encodeReply({ ...packet, op: 2 }, decoded.packet);
}
