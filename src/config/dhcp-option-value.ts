import { parseIpv4, parseSubnet } from '../core/address.ts';
import { addresses, octet, text, uint32 } from '../wire/dhcp/options.ts';

/** What a value of a DHCP option is; names as the package "dhcp" has them, and three of our own. */
export type ValueKind = keyof typeof WANTED;

/** How a value of a kind is written, as the end of "…, wanted". */
export const WANTED = {
  IP: 'an IPv4 address',
  IPs: 'an IPv4 address, or a list of them',
  ASCII: 'text of ASCII characters',
  Bool: 'true or false',
  UInt8: 'a whole number, 0 to 255',
  UInt16: 'a whole number, 0 to 65535',
  UInt32: 'a whole number, 0 to 4294967295',
  Int32: 'a whole number, -2147483648 to 2147483647',
  UInt8s: 'a list of whole numbers, 0 to 255',
  UInt16s: 'a list of whole numbers, 0 to 65535',
  hex: 'hexadecimal digits such as "0a:0b" or "0a0b"',
  domains: 'a domain name, or a list of them',
  routes: 'a list of routes such as "10.8.0.0/16 via 10.77.0.1"',
} as const;

/** Whether there is a kind of this name. */
export function isValueKind(text: string): text is ValueKind {
  return Object.hasOwn(WANTED, text);
}

/** A value in the bytes of its option; undefined when it is none of the kind. */
export function encodeValue(kind: ValueKind, value: unknown): Uint8Array | undefined {
  switch (kind) {
    case 'IP':
      return addressOf(value);
    case 'IPs':
      return each(value, addressOf);
    case 'ASCII':
      return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value) ? text(value) : undefined;
    case 'Bool':
      // RFC 2132 section 4.1: one octet, 0 or 1.
      return typeof value === 'boolean' ? octet(value ? 1 : 0) : undefined;
    case 'UInt8':
      return numberOf(value, 1);
    case 'UInt16':
      return numberOf(value, 2);
    case 'UInt32':
      return numberOf(value, 4);
    case 'Int32':
      return isWhole(value, -0x8000_0000, 0x7fff_ffff) ? uint32(value >>> 0) : undefined;
    case 'UInt8s':
      return each(value, (one) => numberOf(one, 1));
    case 'UInt16s':
      return each(value, (one) => numberOf(one, 2));
    case 'hex':
      return hexOf(value);
    case 'domains':
      return each(value, domainOf);
    case 'routes':
      return each(value, routeOf);
  }
}

function each(value: unknown, encode: (one: unknown) => Uint8Array | undefined): Uint8Array | undefined {
  const parts = (Array.isArray(value) ? value : [value]).map(encode);
  const known = parts.filter((part) => part !== undefined);
  return known.length === parts.length ? Buffer.concat(known) : undefined;
}

function addressOf(value: unknown): Uint8Array | undefined {
  const address = typeof value === 'string' ? parseIpv4(value) : undefined;
  return address && addresses(address);
}

function numberOf(value: unknown, octets: 1 | 2 | 4): Uint8Array | undefined {
  return isWhole(value, 0, 256 ** octets - 1) ? uint32(value).subarray(4 - octets) : undefined;
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

function hexOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !/^[0-9a-f]{2}(?:[: ]?[0-9a-f]{2})*$/i.test(value)) return undefined;
  return Buffer.from(value.replace(/[: ]/g, ''), 'hex');
}

/** RFC 3397 section 2, RFC 1035 section 3.1: labels with their lengths, then the root's. */
function domainOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || value.length > 253) return undefined;
  const labels = value.split('.');
  if (!labels.every((label) => /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/.test(label)))
    return undefined;
  return Buffer.concat([...labels.map((label) => Buffer.from([label.length, ...text(label)])), octet(0)]);
}

/** RFC 3442: length of the prefix, as many octets of the network as it covers, router. */
function routeOf(value: unknown): Uint8Array | undefined {
  const [, network = '', via = ''] = /^(\S+) via (\S+)$/.exec(typeof value === 'string' ? value : '') ?? [];
  const subnet = parseSubnet(network);
  const router = addressOf(via);
  if (subnet === undefined || router === undefined) return undefined;
  const covered = addresses(subnet.network).subarray(0, Math.ceil(subnet.prefix / 8));
  return Buffer.concat([octet(subnet.prefix), covered, router]);
}
