import { ipv4FromNumber } from '../core/address.ts';
import type { UdpEnd } from './ipv4.ts';

/** What a captured frame holds: a UDP datagram, a piece of an IPv4 datagram, less than a whole one, or something else. */
export type Framed =
  | {
      readonly kind: 'udp';
      readonly datagram: {
        readonly source: UdpEnd;
        readonly destination: UdpEnd;
        readonly payload: Uint8Array;
      };
    }
  | { readonly kind: 'fragment' | 'cut' | 'other' };

/** Link types of the registry of tcpdump: octets before the EtherType, and how long the header is with it. */
const LINKS: Readonly<Record<number, { readonly type: number; readonly length: number }>> = {
  /** Ethernet. */
  1: { type: 12, length: 14 },
  /** Linux cooked, of "-i any". */
  113: { type: 14, length: 16 },
  /** Linux cooked, version 2. */
  276: { type: 0, length: 20 },
};
/** Frames that begin with the IP header: raw IP, in its numbers on several systems. */
const RAW = new Set([12, 14, 101, 228]);

const IPV4 = 0x0800;
const VLAN_TAGS = new Set([0x8100, 0x88a8]);
const UDP = 17;

/** The UDP datagram of a frame. Never throws. */
export function udpOf(link: number, frame: Uint8Array): Framed {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const at = RAW.has(link) ? 0 : startOfIpv4(link, view);
  return at === undefined ? { kind: 'other' } : ipv4(view, at);
}

function startOfIpv4(link: number, view: DataView): number | undefined {
  const header = LINKS[link];
  if (header === undefined || view.byteLength < header.length) return undefined;
  let type = view.getUint16(header.type);
  let at = header.length;
  while (VLAN_TAGS.has(type) && view.byteLength >= at + 4) {
    type = view.getUint16(at + 2);
    at += 4;
  }
  return type === IPV4 ? at : undefined;
}

/** RFC 791 section 3.1. */
function ipv4(view: DataView, at: number): Framed {
  if (view.byteLength < at + 20) return { kind: 'cut' };
  const version = view.getUint8(at);
  const header = (version & 15) * 4;
  if (version >> 4 !== 4 || header < 20 || view.getUint8(at + 9) !== UDP) return { kind: 'other' };
  // "More fragments", or an offset.
  if ((view.getUint16(at + 6) & 0x3fff) !== 0) return { kind: 'fragment' };
  const start = at + header;
  if (view.byteLength < start + 8) return { kind: 'cut' };
  const length = view.getUint16(start + 4);
  if (length < 8) return { kind: 'other' };
  if (view.byteLength < start + length) return { kind: 'cut' };
  const end = (address: number, port: number): UdpEnd => ({
    address: ipv4FromNumber(view.getUint32(at + address)),
    port: view.getUint16(start + port),
  });
  const payload = new Uint8Array(view.buffer, view.byteOffset + start + 8, length - 8);
  return { kind: 'udp', datagram: { source: end(12, 0), destination: end(16, 2), payload } };
}
