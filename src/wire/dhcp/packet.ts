import {
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  type Mac,
  macFromBytes,
  macToBytes,
} from '../../core/address.ts';
import { newOctets } from '../octets.ts';
import { layOutOptions, plainLength, putPlain } from './lay-out-options.ts';
import { messageType, OPTION, type OptionMap, readUint16, textOf } from './options.ts';

/** One DHCP message (RFC 2131 section 2, figure 1) of an Ethernet client. */
export interface DhcpPacket {
  /** 1: from a client, 2: from a server. */
  readonly op: 1 | 2;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  /** All 16 bits; {@link BROADCAST_FLAG} is the only assigned one. */
  readonly flags: number;
  readonly ciaddr: Ipv4;
  readonly yiaddr: Ipv4;
  readonly siaddr: Ipv4;
  readonly giaddr: Ipv4;
  readonly chaddr: Mac;
  /** Up to 64 octets as Latin-1 text; empty when it held options. */
  readonly sname: string;
  /** Up to 128 octets as Latin-1 text; empty when it held options. */
  readonly file: string;
  readonly options: OptionMap;
}

/** Why bytes are not a message we can read. */
export type MalformedReason = 'too-short' | 'bad-op' | 'not-ethernet' | 'bad-cookie';

/** What decoding gives: the message, or the reason there is none. */
export type DecodedPacket =
  | { readonly ok: true; readonly packet: DhcpPacket }
  | { readonly ok: false; readonly reason: MalformedReason };

/** The address that means "none yet". */
export const NO_ADDRESS: Ipv4 = ipv4FromNumber(0);

/** The B bit of `flags`: the client cannot take unicast before it has an address (RFC 2131 section 2, figure 2). */
export const BROADCAST_FLAG = 0x8000;

const SNAME = 44;
const FILE = 108;
const COOKIE = 236;
const OPTIONS = 240;
/** RFC 1497, RFC 2131 section 3. */
const MAGIC_COOKIE = 0x63825363;
/** RFC 951 section 3: a BOOTP message is 300 octets; some boot ROMs and relays drop shorter ones. */
const MINIMUM_SIZE = 300;
/** RFC 2132 section 9.10: no client may ask for less; IP and UDP headers are part of it. */
const MINIMUM_DATAGRAM = 576;
const ETHERNET_MTU = 1500;
const IP_AND_UDP_HEADERS = 28;

/** Read a message. Never throws; work is linear in the length. */
export function decodePacket(bytes: Uint8Array): DecodedPacket {
  // klibc's ipconfig, of initramfs-tools, asks by BOOTP without the vendor area that RFC 951 has.
  const isBare = bytes.length === COOKIE;
  if (bytes.length < OPTIONS && !isBare) return { ok: false, reason: 'too-short' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const op = view.getUint8(0);
  if (op !== 1 && op !== 2) return { ok: false, reason: 'bad-op' };
  // Hardware type 1 with 6 octets is Ethernet (RFC 1700); InfiniBand (32, RFC 4390) has no address in chaddr.
  if (view.getUint8(1) !== 1 || view.getUint8(2) !== 6) return { ok: false, reason: 'not-ethernet' };
  if (!isBare && view.getUint32(COOKIE) !== MAGIC_COOKIE) return { ok: false, reason: 'bad-cookie' };
  const address = (offset: number): Ipv4 => ipv4FromNumber(view.getUint32(offset));
  return {
    ok: true,
    packet: {
      op,
      hops: view.getUint8(3),
      xid: view.getUint32(4),
      secs: view.getUint16(8),
      flags: view.getUint16(10),
      ciaddr: address(12),
      yiaddr: address(16),
      siaddr: address(20),
      giaddr: address(24),
      chaddr: macFromBytes(bytes.subarray(28, 34)),
      ...decodeVariablePart(bytes),
    },
  };
}

/** `sname`, `file` and all options, with option overload (RFC 2132 section 9.3) undone. */
function decodeVariablePart(bytes: Uint8Array): Pick<DhcpPacket, 'sname' | 'file' | 'options'> {
  const parts: OptionParts = { first: new Map(), more: undefined };
  collectOptions(bytes, OPTIONS, parts);
  // Only the options field may announce overload; one inside `file` or `sname` is not followed, so nothing recurses.
  const overload = parts.first.get(OPTION.overload);
  const bits = overload?.length === 1 && (overload[0] ?? 0) <= 3 ? (overload[0] ?? 0) : 0;
  // RFC 2131 section 4.1: the options field first, then `file`, then `sname`.
  if ((bits & 1) !== 0) collectOptions(bytes.subarray(0, COOKIE), FILE, parts);
  if ((bits & 2) !== 0) collectOptions(bytes.subarray(0, FILE), SNAME, parts);
  return {
    sname: (bits & 2) === 0 && bytes[SNAME] !== 0 ? textOf(bytes.subarray(SNAME, FILE)) : '',
    file: (bits & 1) === 0 && bytes[FILE] !== 0 ? textOf(bytes.subarray(FILE, COOKIE)) : '',
    options: joined(parts),
  };
}

/** The options of a message: the first part of each code, and the few that have more. */
interface OptionParts {
  readonly first: Map<number, Uint8Array>;
  more: Map<number, Uint8Array[]> | undefined;
}

/** RFC 3396 section 7: all parts of one code are one value. */
function joined({ first, more }: OptionParts): OptionMap {
  for (const [code, chunks] of more ?? []) first.set(code, Buffer.concat(chunks));
  return first;
}

/** Read the options from a place to the end. An option that runs past the end ends the area: what precedes it counts. */
function collectOptions(area: Uint8Array, start: number, parts: OptionParts): void {
  let at = start;
  while (at < area.length) {
    const code = area[at++] ?? OPTION.end;
    if (code === OPTION.pad) continue;
    if (code === OPTION.end) return;
    const length = area[at++];
    if (length === undefined || at + length > area.length) return;
    const value = area.subarray(at, at + length);
    const before = parts.first.get(code);
    if (before === undefined) parts.first.set(code, value);
    else {
      parts.more ??= new Map();
      const chunks = parts.more.get(code);
      if (chunks === undefined) parts.more.set(code, [before, value]);
      else chunks.push(value);
    }
    at += length;
  }
}

/**
 * Write a message, padded to 300 octets and at most `limit` (see {@link payloadLimit}). Fields of the header that are free
 * hold options where there is no other room (see {@link layOutOptions}).
 */
export function encodePacket(packet: DhcpPacket, limit = ETHERNET_MTU - IP_AND_UDP_HEADERS): Uint8Array {
  const room = Math.max(limit, MINIMUM_SIZE) - OPTIONS;
  const length = plainLength(packet.options);
  if (length > room) return encodeOverloaded(packet, room);
  const bytes = newOctets(Math.max(MINIMUM_SIZE, OPTIONS + length));
  putHeader(bytes, packet);
  putText(bytes, packet.sname, { at: SNAME, most: FILE - SNAME });
  putText(bytes, packet.file, { at: FILE, most: COOKIE - FILE });
  putPlain(packet.options, bytes, OPTIONS);
  return bytes;
}

/** As a message whose options have no room in their own area alone. */
function encodeOverloaded(packet: DhcpPacket, room: number): Uint8Array {
  // RFC 2131 table 3: not in a NAK; and BOOTP knows nothing of it.
  const mayOverload = ![undefined, 'NAK'].includes(messageType(packet.options));
  const laidOut = layOutOptions(packet.options, {
    options: room,
    file: mayOverload && packet.file === '' ? COOKIE - FILE : 0,
    sname: mayOverload && packet.sname === '' ? FILE - SNAME : 0,
  });
  const { options, sname, file } = laidOut;
  const bytes = newOctets(Math.max(MINIMUM_SIZE, OPTIONS + options.length));
  putHeader(bytes, packet);
  if (sname !== undefined) bytes.set(sname, SNAME);
  else putText(bytes, packet.sname, { at: SNAME, most: FILE - SNAME });
  if (file !== undefined) bytes.set(file, FILE);
  else putText(bytes, packet.file, { at: FILE, most: COOKIE - FILE });
  bytes.set(options, OPTIONS);
  return bytes;
}

function putHeader(bytes: Uint8Array, packet: DhcpPacket): void {
  bytes[0] = packet.op;
  bytes[1] = 1;
  bytes[2] = 6;
  bytes[3] = packet.hops;
  putUint32(bytes, 4, packet.xid);
  putUint32(bytes, 8, packet.secs * 65_536 + packet.flags);
  putAddress(bytes, 12, packet.ciaddr);
  putAddress(bytes, 16, packet.yiaddr);
  putAddress(bytes, 20, packet.siaddr);
  putAddress(bytes, 24, packet.giaddr);
  bytes.set(macToBytes(packet.chaddr), 28);
  putUint32(bytes, COOKIE, MAGIC_COOKIE);
}

function putAddress(bytes: Uint8Array, at: number, address: Ipv4): void {
  if (address !== NO_ADDRESS) putUint32(bytes, at, ipv4ToNumber(address));
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Latin-1, cut where the field ends. */
function putText(bytes: Uint8Array, text: string, { at, most }: { at: number; most: number }): void {
  const length = Math.min(text.length, most);
  for (let index = 0; index < length; index++) bytes[at + index] = text.charCodeAt(index);
}

/**
 * Octets of UDP payload a reply may have, from the client's option 57. The value is clamped to what one Ethernet
 * frame holds: OVMF says 65280 in its PXE REQUEST, and a fragmented reply is lost on most boot ROMs.
 */
export function payloadLimit(maxMessageSize: number | undefined): number {
  const datagram = Math.min(Math.max(maxMessageSize ?? MINIMUM_DATAGRAM, MINIMUM_DATAGRAM), ETHERNET_MTU);
  return datagram - IP_AND_UDP_HEADERS;
}

/** The reply to a message, no longer than its client can take. */
export function encodeReply(reply: DhcpPacket, request: DhcpPacket): Uint8Array {
  // RFC 951 section 3: a BOOTP client has room for 64 octets of options, and no way to say otherwise.
  const isBootp = !request.options.has(OPTION.messageType);
  const limit = isBootp ? MINIMUM_SIZE : payloadLimit(readUint16(request.options, OPTION.maxMessageSize));
  return encodePacket(reply, limit);
}
