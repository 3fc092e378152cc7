import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeOption } from '../../src/wire/dhcp/describe-option.ts';
import { decodePacket } from '../../src/wire/dhcp/packet.ts';
import { type CapturedDatagram, readCapture } from '../../src/wire/pcap.ts';

const FOLDER = new URL('../fixtures/pcap/', import.meta.url);
const NAMES = readdirSync(FOLDER).flatMap((file) => /^(.+)\.pcap$/.exec(file)?.[1] ?? []);

// Captures of real clients; how they were made is in the folder's README.
it.each(NAMES)('%s is read as it was', async (name) => {
  const capture = readCapture(readFileSync(new URL(`${name}.pcap`, FOLDER)));
  if (capture === undefined) throw new Error(`"${name}" is no capture`);
  const { datagrams, fragments, cut, others, isTruncated } = capture;
  const counts = `fragments ${fragments}, cut ${cut}, others ${others}, truncated ${isTruncated}`;
  const start = datagrams[0]?.time ?? 0;
  const text = [counts, ...datagrams.map((datagram) => textOf(datagram, start)), ''].join('\n');
  await expect(text).toMatchFileSnapshot(new URL(`${name}.parsed`, FOLDER).pathname);
});

function textOf({ time, source, destination, payload }: CapturedDatagram, start: number): string {
  const at = ((time - start) / 1000).toFixed(6);
  const head = `${at} ${source.address}:${source.port} > ${destination.address}:${destination.port} ${payload.length}`;
  const decoded = decodePacket(payload);
  if (!decoded.ok) return `${head} ${decoded.reason}`;
  const { chaddr, ciaddr, yiaddr, xid, flags, options } = decoded.packet;
  const fields = `${chaddr} xid ${xid.toString(16)} flags ${flags} ciaddr ${ciaddr} yiaddr ${yiaddr}`;
  const list = [...options].map(([code, value]) => {
    const { name, value: shown } = describeOption(code, value);
    return `    ${code} ${name}: ${shown}`;
  });
  return [head, `  ${fields}`, ...list].join('\n');
}
