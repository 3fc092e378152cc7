import { readFileSync } from 'node:fs';
import { type DhcpPacket, decodePacket } from '../../../src/wire/dhcp/packet.ts';

/** The message of a real client in `test/fixtures/dhcp/<name>.hex`. */
export function captured(name: string): DhcpPacket {
  const hex = readFileSync(new URL(`../../fixtures/dhcp/${name}.hex`, import.meta.url), 'utf8');
  const decoded = decodePacket(Buffer.from(hex.replaceAll('\n', ''), 'hex'));
  if (!decoded.ok) throw new Error(`Cannot decode "${name}": ${decoded.reason}`);
  return decoded.packet;
}
