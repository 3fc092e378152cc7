import { broadcastAddress, type Ipv4, isUsableIn, netmask } from '../core/address.ts';
import type { Lodger } from '../core/host.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import {
  addresses,
  MESSAGE_TYPES,
  type MessageType,
  OPTION,
  type OptionMap,
  octet,
  text,
  textOf,
  uint32,
} from '../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { VENDOR_CLASS } from '../wire/dhcp/pxe-options.ts';
import { type BootAnswer, bootFields, bootOptions, type Options } from './boot-options.ts';

/** What a reply is made from. */
export interface ReplyParts {
  readonly request: DhcpPacket;
  readonly subnet: ServedSubnet;
  /** Option 54. */
  readonly serverId: Ipv4;
  readonly host: Lodger;
  readonly boot: BootAnswer;
}

/** An OFFER or ACK that lends `address` for the subnet's lease time. */
export function lend(type: 'OFFER' | 'ACK', address: Ipv4, parts: ReplyParts): DhcpPacket {
  return withBoot(type, parts, {
    yiaddr: address,
    options: [settingsOf(parts.subnet).times, networkOptions(parts)],
  });
}

/**
 * The ACK of an INFORM: settings for an address the client has by other means; no lease, no times (section 4.3.5). It goes
 * to that address.
 */
export function inform(ciaddr: Ipv4, parts: ReplyParts): DhcpPacket {
  const reply = withBoot('ACK', parts, { yiaddr: NO_ADDRESS, options: [networkOptions(parts)] });
  return { ...reply, ciaddr };
}

/** What to boot, for a client that has its address from another server (PXE 2.1 section 2.2.2): no address, no times. */
export function bootOnly(type: 'OFFER' | 'ACK', parts: ReplyParts): DhcpPacket {
  // The client takes offers without an address only of its own class: an NBP's options set it, a script's need not.
  const vendorClass = parts.request.options.get(OPTION.vendorClass);
  const isHttp = vendorClass !== undefined && textOf(vendorClass).startsWith(VENDOR_CLASS.http);
  const ownClass = [OPTION.vendorClass, text(isHttp ? VENDOR_CLASS.http : VENDOR_CLASS.pxe)] as const;
  return withBoot(type, parts, { yiaddr: NO_ADDRESS, options: [[ownClass]] });
}

/** The reply to a BOOTP client (RFC 951, RFC 1534 section 2): as a lease, without what only DHCP has. */
export function bootp(address: Ipv4, parts: ReplyParts): DhcpPacket {
  const reply = withBoot('ACK', parts, { yiaddr: address, options: [networkOptions(parts)] });
  const onlyDhcp = new Set<number>([OPTION.messageType, OPTION.serverIdentifier]);
  return { ...reply, options: new Map([...reply.options].filter(([code]) => !onlyDhcp.has(code))) };
}

/** A NAK: the client shall forget its address and start anew (RFC 2131 table 3). */
export function refuse({ packet: request, serverId }: Denied, why: string): DhcpPacket {
  const reply = replyTo({ request, serverId }, 'NAK', [[[OPTION.message, text(why)]]]);
  // RFC 2131 section 4.3.2: through a relay agent the NAK must be broadcast on the client's link.
  const flags = request.giaddr === NO_ADDRESS ? request.flags : request.flags | BROADCAST_FLAG;
  return { ...reply, flags };
}

/** A message that is denied, and by whom. */
interface Denied {
  readonly packet: DhcpPacket;
  readonly serverId: Ipv4;
}

interface Content {
  readonly yiaddr: Ipv4;
  /** One group after the other. */
  readonly options: readonly Options[];
}

function withBoot(type: 'OFFER' | 'ACK', parts: ReplyParts, { yiaddr, options }: Content): DhcpPacket {
  const reply = replyTo(parts, type, [...options, bootOptions(parts)]);
  const ciaddr = type === 'ACK' ? ciaddrBeside(yiaddr, parts) : NO_ADDRESS;
  return { ...reply, ciaddr, yiaddr, ...bootFields(parts) };
}

/** Replies go to ciaddr (RFC 2131 section 4.1): one that is not the client's, or cannot be, is left out. */
function ciaddrBeside(
  yiaddr: Ipv4,
  { request: { ciaddr }, subnet: { subnet, serverAddress } }: ReplyParts,
): Ipv4 {
  if (yiaddr !== NO_ADDRESS) return ciaddr === yiaddr ? ciaddr : NO_ADDRESS;
  return isUsableIn(subnet, ciaddr) && ciaddr !== serverAddress ? ciaddr : NO_ADDRESS;
}

/** Header and options that every reply has; xid, flags, giaddr, chaddr and options 61 and 82 come back as they came. */
function replyTo(
  parts: Pick<ReplyParts, 'request' | 'serverId'>,
  type: MessageType,
  options: readonly Options[],
): DhcpPacket {
  const { request, serverId } = parts;
  return {
    op: 2,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: request.flags,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: '',
    file: '',
    options: optionsOf({ request, serverId }, type, options),
  };
}

function optionsOf(
  { request, serverId }: Pick<ReplyParts, 'request' | 'serverId'>,
  type: MessageType,
  groups: readonly Options[],
): OptionMap {
  const options = new Map<number, Uint8Array>();
  options.set(OPTION.messageType, octet(MESSAGE_TYPES.indexOf(type) + 1));
  options.set(OPTION.serverIdentifier, addresses(serverId));
  for (const group of groups) for (const [code, value] of group) options.set(code, value);
  // RFC 6842 section 3; RFC 3046 section 2.2.
  echo(request, OPTION.clientIdentifier, options);
  // RFC 3011 section 2: the server returns what it acted upon; it is acted upon for relay agents only.
  if (request.giaddr !== NO_ADDRESS) echo(request, OPTION.subnetSelection, options);
  echo(request, OPTION.relayAgent, options);
  return inOrderOf(request.options.get(OPTION.parameterList), options);
}

const TIMES = [OPTION.leaseTime, OPTION.renewalTime, OPTION.rebindingTime] as const;

/** RFC 2132 section 9.8: in the order in which the client asked for them; section 3.3: the mask before the router. */
function inOrderOf(list: Uint8Array | undefined, options: OptionMap): OptionMap {
  if (list === undefined) return options;
  const ordered = new Map<number, Uint8Array>();
  const take = (code: number): void => {
    const value = options.get(code);
    if (value !== undefined) ordered.set(code, value);
  };
  // Where other servers have them, unless it says otherwise.
  for (const code of TIMES) if (!list.includes(code)) take(code);
  for (const code of list) {
    if (code === OPTION.router) take(OPTION.subnetMask);
    take(code);
  }
  // Those that it did not ask for; the others keep their place.
  for (const [code, value] of options) ordered.set(code, value);
  return ordered;
}

/** What all leases of a subnet have in common, as it is sent. */
interface Settings {
  readonly times: Options;
  /** Mask first: RFC 2132 section 3.3. */
  readonly always: Options;
  readonly onRequest: Options;
  readonly broadcast: Uint8Array;
}

/** A reload of the configuration makes other subnets. */
const SETTINGS = new WeakMap<ServedSubnet, Settings>();

function settingsOf(subnet: ServedSubnet): Settings {
  const known = SETTINGS.get(subnet);
  if (known !== undefined) return known;
  const made = makeSettings(subnet);
  SETTINGS.set(subnet, made);
  return made;
}

function makeSettings({ subnet, leaseTime, router, dns, domain }: ServedSubnet): Settings {
  return {
    times: [
      [OPTION.leaseTime, uint32(leaseTime)],
      // RFC 2131 section 4.4.5: T1 at a half, T2 at seven eighths.
      [OPTION.renewalTime, uint32(Math.floor(leaseTime / 2))],
      [OPTION.rebindingTime, uint32(Math.floor((leaseTime * 7) / 8))],
    ],
    always: [
      [OPTION.subnetMask, addresses(netmask(subnet))],
      ...(router === undefined ? [] : [[OPTION.router, addresses(router)] as const]),
    ],
    onRequest: [
      ...(dns.length > 0 ? [[OPTION.domainNameServer, addresses(...dns)] as const] : []),
      ...(domain === undefined ? [] : [[OPTION.domainName, text(domain)] as const]),
    ],
    broadcast: addresses(broadcastAddress(subnet)),
  };
}

/** Mask and router always, the others when the client asks or names no list. */
function networkOptions({ request, subnet: served, host }: ReplyParts): Options {
  const { always, onRequest, broadcast } = settingsOf(served);
  const list = request.options.get(OPTION.parameterList);
  const asked = (code: number): boolean => list === undefined || list.includes(code);
  const options: (readonly [code: number, value: Uint8Array])[] = [...always];
  for (const option of onRequest) if (asked(option[0])) options.push(option);
  if (asked(OPTION.hostName)) options.push([OPTION.hostName, text(host.name)]);
  if (asked(OPTION.broadcastAddress)) options.push([OPTION.broadcastAddress, broadcast]);
  // Of one code the last counts: what the site's operator has set.
  for (const set of served.options) if (set.always || asked(set.code)) options.push([set.code, set.value]);
  return options;
}

/** Give back an option as it came, where it came. */
function echo(request: DhcpPacket, code: number, options: Map<number, Uint8Array>): void {
  const value = request.options.get(code);
  if (value !== undefined) options.set(code, value);
}
