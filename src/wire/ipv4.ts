import { type Ipv4, ipv4ToNumber } from '../core/address.ts';

/** Where a datagram comes from or goes to. */
export interface UdpEnd {
  readonly address: Ipv4;
  readonly port: number;
}

const IP_HEADER = 20;
const UDP_HEADER = 8;
const UDP = 17;
const TIME_TO_LIVE = 64;

/** An IPv4 datagram (RFC 791 section 3.1) that carries UDP (RFC 768), in one piece. */
export function udpDatagram(from: UdpEnd, to: UdpEnd, payload: Uint8Array): Uint8Array {
  const length = UDP_HEADER + payload.length;
  const datagram = Buffer.alloc(IP_HEADER + length);
  // Version 4, a header of five words.
  datagram.writeUInt8(0x45, 0);
  datagram.writeUInt16BE(datagram.length, 2);
  datagram.writeUInt8(TIME_TO_LIVE, 8);
  datagram.writeUInt8(UDP, 9);
  datagram.writeUInt32BE(ipv4ToNumber(from.address), 12);
  datagram.writeUInt32BE(ipv4ToNumber(to.address), 16);
  datagram.writeUInt16BE(complement(sum(datagram.subarray(0, IP_HEADER))), 10);
  const udp = datagram.subarray(IP_HEADER);
  udp.writeUInt16BE(from.port, 0);
  udp.writeUInt16BE(to.port, 2);
  udp.writeUInt16BE(length, 4);
  udp.set(payload, UDP_HEADER);
  // RFC 768: the addresses, the protocol and the length are summed as well; 0 would mean that there is no checksum.
  const checksum = complement(sum(datagram.subarray(12, IP_HEADER)) + UDP + length + sum(udp));
  udp.writeUInt16BE(checksum === 0 ? 0xffff : checksum, 6);
  return datagram;
}

/** RFC 1071: the sum of 16-bit words; a last odd octet is the high half of one. */
function sum(bytes: Uint8Array): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
  return total;
}

function complement(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded >>> 16) + (folded & 0xffff);
  return ~folded & 0xffff;
}
