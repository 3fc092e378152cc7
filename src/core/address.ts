declare const macBrand: unique symbol;
declare const ipv4Brand: unique symbol;

/** An Ethernet address in its one canonical form: lower case, colons (`52:54:00:12:34:56`). */
export type Mac = string & { readonly [macBrand]: true };

/** An IPv4 address in dotted decimal form without leading zeros. */
export type Ipv4 = string & { readonly [ipv4Brand]: true };

/** An IPv4 network; `network` has all host bits zero. */
export interface Subnet {
  readonly network: Ipv4;
  /** Prefix length, 0 to 32. */
  readonly prefix: number;
}

/** A closed range of addresses, `first` ≤ `last`. */
export interface AddressRange {
  readonly first: Ipv4;
  readonly last: Ipv4;
}

const DOT = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);

const HEX_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const MAC_FORMS = [
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{2}(?:-[0-9a-f]{2}){5}$/,
  /^[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}$/,
  /^[0-9a-f]{12}$/,
];

/** Parse any usual spelling (colons, dashes, Cisco dots, none; any case); undefined when it is none of them. */
export function parseMac(text: string): Mac | undefined {
  const lower = text.toLowerCase();
  if (!MAC_FORMS.some((form) => form.test(lower))) return undefined;
  return macFromHex(lower.replace(/[:.-]/g, ''));
}

/** The address held by six octets, as in BOOTP `chaddr`. */
export function macFromBytes(bytes: Uint8Array): Mac {
  if (bytes.length !== 6)
    throw new RangeError(`Cannot make a MAC address from ${bytes.length} octets, wanted 6`);
  let text = '';
  for (const byte of bytes) text += `${text === '' ? '' : ':'}${HEX_PAIRS[byte] ?? ''}`;
  return text as Mac;
}

/** The six octets of a MAC address. */
export function macToBytes(mac: Mac): Uint8Array {
  const bytes = new Uint8Array(6);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(mac.slice(3 * at, 3 * at + 2), 16);
  return bytes;
}

/** The form used in URLs and file names, where a colon has a meaning of its own: `52-54-00-12-34-56`. */
export function macWithDashes(mac: Mac): string {
  return mac.replaceAll(':', '-');
}

/** True for an address one network card can own: neither all zero nor a group address (IEEE 802, I/G bit). */
export function isUnicastMac(mac: Mac): boolean {
  const firstOctet = Number.parseInt(mac.slice(0, 2), 16);
  return mac !== '00:00:00:00:00:00' && (firstOctet & 1) === 0;
}

/** Parse dotted decimal; undefined for anything else, leading zeros included (they read as octal elsewhere). */
export function parseIpv4(text: string): Ipv4 | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every(isDecimalOctet)) return undefined;
  return text as Ipv4;
}

/** The 32-bit value of an address, 0 to 4294967295. */
export function ipv4ToNumber(address: Ipv4): number {
  let value = 0;
  let octet = 0;
  // By hand: each DHCP message needs it some twenty times.
  for (let at = 0; at < address.length; at++) {
    const code = address.charCodeAt(at);
    if (code !== DOT) octet = octet * 10 + code - ZERO;
    else {
      value = value * 256 + octet;
      octet = 0;
    }
  }
  return value * 256 + octet;
}

/** The address of a 32-bit value. */
export function ipv4FromNumber(value: number): Ipv4 {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new RangeError(`Cannot make an IPv4 address from ${value}`);
  }
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4;
}

/** Parse `10.77.0.0/24`; undefined when malformed or when host bits are set. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^([0-9.]+)\/([0-9]{1,2})$/.exec(text);
  const network = match?.[1] === undefined ? undefined : parseIpv4(match[1]);
  const prefix = Number(match?.[2]);
  if (network === undefined || prefix > 32) return undefined;
  const subnet = { network, prefix };
  return ipv4ToNumber(network) === firstNumber(subnet) ? subnet : undefined;
}

/** Parse `10.77.0.100-10.77.0.199`; undefined when malformed or reversed. */
export function parseRange(text: string): AddressRange | undefined {
  const [first, last, ...rest] = text.split('-').map((part) => parseIpv4(part.trim()));
  if (first === undefined || last === undefined || rest.length > 0) return undefined;
  return ipv4ToNumber(first) <= ipv4ToNumber(last) ? { first, last } : undefined;
}

/** `10.77.0.0/24` */
export function formatSubnet(subnet: Subnet): string {
  return `${subnet.network}/${subnet.prefix}`;
}

/** The netmask of a subnet, `255.255.255.0` for a /24. */
export function netmask(subnet: Subnet): Ipv4 {
  return ipv4FromNumber(maskNumber(subnet.prefix));
}

/** The directed broadcast address of a subnet. */
export function broadcastAddress(subnet: Subnet): Ipv4 {
  return ipv4FromNumber((ipv4ToNumber(subnet.network) | (~maskNumber(subnet.prefix) >>> 0)) >>> 0);
}

/** Whether the address lies in the subnet, network and broadcast address included. */
export function subnetContains(subnet: Subnet, address: Ipv4): boolean {
  return (ipv4ToNumber(address) & maskNumber(subnet.prefix)) >>> 0 === ipv4ToNumber(subnet.network);
}

/** Whether a host of the subnet may own the address. */
export function isUsableIn(subnet: Subnet, address: Ipv4): boolean {
  if (!subnetContains(subnet, address)) return false;
  return subnet.prefix >= 31 || (address !== subnet.network && address !== broadcastAddress(subnet));
}

/** Whether the address lies in the closed range. */
export function rangeContains(range: AddressRange, address: Ipv4): boolean {
  const value = ipv4ToNumber(address);
  return ipv4ToNumber(range.first) <= value && value <= ipv4ToNumber(range.last);
}

function macFromHex(hex: string): Mac {
  return (hex.match(/../g) ?? []).join(':') as Mac;
}

function isDecimalOctet(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,2})$/.test(text) && Number(text) <= 255;
}

function maskNumber(prefix: number): number {
  return prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
}

function firstNumber(subnet: Subnet): number {
  return (ipv4ToNumber(subnet.network) & maskNumber(subnet.prefix)) >>> 0;
}
