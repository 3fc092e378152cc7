import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../../core/address.ts';

/** DHCP option codes by the names used here; RFC 2132 unless another document is named. */
export const OPTION = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  domainNameServer: 6,
  hostName: 12,
  domainName: 15,
  broadcastAddress: 28,
  vendorSpecific: 43,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  tftpServerName: 66,
  bootfileName: 67,
  /** RFC 3004. */
  userClass: 77,
  /** RFC 3046. */
  relayAgent: 82,
  /** RFC 4578 section 2.1, RFC 5970 section 3.3. */
  clientArchitecture: 93,
  /** RFC 4578 section 2.3. */
  clientMachineId: 97,
  /** RFC 3011. */
  subnetSelection: 118,
  /** Etherboot's encapsulated options, which iPXE uses (RFC 3942: site-specific range). */
  etherboot: 175,
  end: 255,
} as const;

const ENCODER = new TextEncoder();
const MOST_BY_HAND = 64;

/** Options by code, in the order of first appearance; parts of one option are already joined (RFC 3396). */
export type OptionMap = ReadonlyMap<number, Uint8Array>;

/** Values of option 53 (RFC 2132 section 9.6). */
export const MESSAGE_TYPES = [
  'DISCOVER',
  'OFFER',
  'REQUEST',
  'DECLINE',
  'ACK',
  'NAK',
  'RELEASE',
  'INFORM',
] as const;

/** A DHCP message type of RFC 2131. */
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** The message type; undefined when option 53 is absent, not one octet long, or of a later RFC (9 and above). */
export function messageType(options: OptionMap): MessageType | undefined {
  const value = options.get(OPTION.messageType);
  // Two options 53 are joined into one of two octets (RFC 3396), so a packet that says two things says nothing.
  return value?.length === 1 ? MESSAGE_TYPES[(value[0] ?? 0) - 1] : undefined;
}

/** One octet as an option value. */
export function octet(value: number): Uint8Array {
  return Uint8Array.of(value);
}

/** A 32-bit number in network byte order, as times are sent. */
export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** One or more addresses, one after the other. */
export function addresses(...list: readonly Ipv4[]): Uint8Array {
  const bytes = new Uint8Array(list.length * 4);
  for (const [at, address] of list.entries()) bytes.set(uint32(ipv4ToNumber(address)), at * 4);
  return bytes;
}

/** Text without a terminating NUL (RFC 2132 section 2: senders should not add one). */
export function text(value: string): Uint8Array {
  const bytes = new Uint8Array(value.length);
  for (let at = 0; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code > 127) return ENCODER.encode(value);
    bytes[at] = code;
  }
  return bytes;
}

/** An address option; undefined when absent or not four octets long. */
export function readAddress(options: OptionMap, code: number): Ipv4 | undefined {
  const value = options.get(code);
  if (value?.length !== 4) return undefined;
  const [first = 0, second = 0, third = 0, fourth = 0] = value;
  return ipv4FromNumber(((first << 24) | (second << 16) | (third << 8) | fourth) >>> 0);
}

/** A 16-bit option; undefined when absent or not two octets long. */
export function readUint16(options: OptionMap, code: number): number | undefined {
  const value = options.get(code);
  return value?.length === 2 ? ((value[0] ?? 0) << 8) | (value[1] ?? 0) : undefined;
}

/** Text up to its first NUL, octet for octet (Latin-1): the caller bounds and checks it. Undefined when absent. */
export function readText(options: OptionMap, code: number): string | undefined {
  const value = options.get(code);
  return value === undefined ? undefined : textOf(value);
}

/** Whether a text option begins with ASCII text: a look at some octets, where {@link readText} makes a text of all. */
export function startsWith(value: Uint8Array | undefined, prefix: string): boolean {
  if (value === undefined || value.length < prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) if (value[at] !== prefix.charCodeAt(at)) return false;
  return true;
}

/** Octets up to the first NUL as Latin-1 text. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const length = end === -1 ? bytes.length : end;
  // A short text is made sooner than the Buffer that could make it.
  if (length <= MOST_BY_HAND) return String.fromCharCode(...bytes.subarray(0, length));
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1');
}
