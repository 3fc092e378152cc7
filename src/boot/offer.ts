import { broadcastAddress, type Ipv4, netmask } from '../core/address.ts';
import type { Host } from '../core/host.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import {
  addresses,
  MESSAGE_TYPES,
  type MessageType,
  OPTION,
  octet,
  text,
  uint32,
} from '../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import { type BootAnswer, bootOptions, type Options } from './boot-options.ts';

/** What a reply is made from. */
export interface ReplyParts {
  readonly request: DhcpPacket;
  readonly subnet: ServedSubnet;
  readonly host: Host;
  readonly boot: BootAnswer;
}

/** The BOOTP field `file` has 128 octets with its NUL (RFC 951 section 3); a longer URL goes by option 67 alone. */
const LONGEST_FILE = 127;

/** An OFFER or ACK that lends `address` for the subnet's lease time. */
export function lend(type: 'OFFER' | 'ACK', address: Ipv4, parts: ReplyParts): DhcpPacket {
  const { leaseTime } = parts.subnet;
  const times: Options = [
    [OPTION.leaseTime, uint32(leaseTime)],
    // RFC 2131 section 4.4.5: T1 at a half, T2 at seven eighths.
    [OPTION.renewalTime, uint32(Math.floor(leaseTime / 2))],
    [OPTION.rebindingTime, uint32(Math.floor((leaseTime * 7) / 8))],
  ];
  return withBoot(type, parts, { yiaddr: address, options: [...times, ...networkOptions(parts)] });
}

/** The ACK of an INFORM: settings for an address the client has by other means; no lease, no times (section 4.3.5). */
export function inform(parts: ReplyParts): DhcpPacket {
  return withBoot('ACK', parts, { yiaddr: NO_ADDRESS, options: networkOptions(parts) });
}

/** A NAK: the client shall forget its address and start anew (RFC 2131 table 3). */
export function refuse(request: DhcpPacket, subnet: ServedSubnet, why: string): DhcpPacket {
  const reply = replyTo({ request, subnet }, 'NAK', [[OPTION.message, text(why)]]);
  // RFC 2131 section 4.3.2: through a relay agent the NAK must be broadcast on the client's link.
  const flags = request.giaddr === NO_ADDRESS ? request.flags : request.flags | BROADCAST_FLAG;
  return { ...reply, ciaddr: NO_ADDRESS, flags };
}

interface Content {
  readonly yiaddr: Ipv4;
  readonly options: Options;
}

function withBoot(type: 'OFFER' | 'ACK', parts: ReplyParts, { yiaddr, options }: Content): DhcpPacket {
  const { subnet, boot } = parts;
  const reply = replyTo(parts, type, [...options, ...bootOptions(parts)]);
  if (boot.kind === 'address-only') return { ...reply, yiaddr };
  const bootfile = boot.kind === 'nbp' ? boot.file : boot.url;
  return {
    ...reply,
    yiaddr,
    siaddr: subnet.serverAddress,
    sname: boot.kind === 'nbp' ? subnet.serverAddress : '',
    file: bootfile.length <= LONGEST_FILE ? bootfile : '',
  };
}

/** Header and options that every reply has; xid, flags, giaddr, chaddr and options 61 and 82 come back as they came. */
function replyTo(
  parts: Pick<ReplyParts, 'request' | 'subnet'>,
  type: MessageType,
  options: Options,
): DhcpPacket {
  const { request, subnet } = parts;
  return {
    op: 2,
    hops: 0,
    xid: request.xid,
    secs: 0,
    flags: request.flags,
    ciaddr: type === 'ACK' ? request.ciaddr : NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: request.giaddr,
    chaddr: request.chaddr,
    sname: '',
    file: '',
    options: new Map([
      [OPTION.messageType, octet(MESSAGE_TYPES.indexOf(type) + 1)],
      [OPTION.serverIdentifier, addresses(subnet.serverAddress)],
      ...options,
      // RFC 6842 section 3; RFC 3046 section 2.2.
      ...echoOf(request, OPTION.clientIdentifier),
      ...echoOf(request, OPTION.relayAgent),
    ]),
  };
}

/** Mask and router always (mask first: RFC 2132 section 3.3), the others when the client asks or names no list. */
function networkOptions({ request, subnet: served, host }: ReplyParts): Options {
  const { subnet, router, dns, domain } = served;
  const list = request.options.get(OPTION.parameterList);
  const asked = (code: number): boolean => list === undefined || list.includes(code);
  const optional: Options = [
    ...(dns.length > 0 ? [[OPTION.domainNameServer, addresses(...dns)] as const] : []),
    ...(domain === undefined ? [] : [[OPTION.domainName, text(domain)] as const]),
    [OPTION.hostName, text(host.name)],
    [OPTION.broadcastAddress, addresses(broadcastAddress(subnet))],
  ];
  return [
    [OPTION.subnetMask, addresses(netmask(subnet))],
    ...(router === undefined ? [] : [[OPTION.router, addresses(router)] as const]),
    ...optional.filter(([code]) => asked(code)),
  ];
}

function echoOf(request: DhcpPacket, code: number): Options {
  const value = request.options.get(code);
  return value === undefined ? [] : [[code, value]];
}
