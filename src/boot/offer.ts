import { broadcastAddress, type Ipv4, netmask } from '../core/address.ts';
import type { Host } from '../core/host.ts';
import type { BootPolicy } from '../core/policy.ts';
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
import {
  readMachineId,
  skipBootServerDiscovery,
  skipIpxeProxyDhcp,
  VENDOR_CLASS,
} from '../wire/dhcp/pxe-options.ts';
import type { BootDecision } from './decide.ts';

/** A decision that leads to an answer. */
export type BootAnswer = Exclude<BootDecision, { kind: 'ignore' }>;

/** What a reply is made from. */
export interface ReplyParts {
  readonly request: DhcpPacket;
  readonly policy: BootPolicy;
  readonly host: Host;
  readonly boot: BootAnswer;
}

type Options = readonly (readonly [code: number, value: Uint8Array])[];

/** The BOOTP field `file` has 128 octets with its NUL (RFC 951 section 3); a longer URL goes by option 67 alone. */
const LONGEST_FILE = 127;

/** An OFFER or ACK that lends `address` for the subnet's lease time. */
export function lend(type: 'OFFER' | 'ACK', address: Ipv4, parts: ReplyParts): DhcpPacket {
  const { leaseTime } = parts.policy.subnet;
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
export function refuse(request: DhcpPacket, policy: BootPolicy, why: string): DhcpPacket {
  const reply = replyTo({ request, policy }, 'NAK', [[OPTION.message, text(why)]]);
  // RFC 2131 section 4.3.2: through a relay agent the NAK must be broadcast on the client's link.
  const flags = request.giaddr === NO_ADDRESS ? request.flags : request.flags | BROADCAST_FLAG;
  return { ...reply, ciaddr: NO_ADDRESS, flags };
}

interface Content {
  readonly yiaddr: Ipv4;
  readonly options: Options;
}

function withBoot(type: 'OFFER' | 'ACK', parts: ReplyParts, { yiaddr, options }: Content): DhcpPacket {
  const { policy, boot } = parts;
  const reply = replyTo(parts, type, [...options, ...bootOptions(parts)]);
  if (boot.kind === 'address-only') return { ...reply, yiaddr };
  const bootfile = boot.kind === 'nbp' ? boot.file : boot.url;
  return {
    ...reply,
    yiaddr,
    siaddr: policy.serverAddress,
    sname: boot.kind === 'nbp' ? policy.serverAddress : '',
    file: bootfile.length <= LONGEST_FILE ? bootfile : '',
  };
}

/** Header and options that every reply has; xid, flags, giaddr, chaddr and options 61 and 82 come back as they came. */
function replyTo(
  parts: Pick<ReplyParts, 'request' | 'policy'>,
  type: MessageType,
  options: Options,
): DhcpPacket {
  const { request, policy } = parts;
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
      [OPTION.serverIdentifier, addresses(policy.serverAddress)],
      ...options,
      // RFC 6842 section 3; RFC 3046 section 2.2.
      ...echoOf(request, OPTION.clientIdentifier),
      ...echoOf(request, OPTION.relayAgent),
    ]),
  };
}

/** Mask and router always (mask first: RFC 2132 section 3.3), the others when the client asks or names no list. */
function networkOptions({ request, policy, host }: ReplyParts): Options {
  const { subnet, router, dns, domain } = policy.subnet;
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

/** What to boot, whatever the parameter list says: some ROMs ask for less than they need. */
function bootOptions({ request, policy, boot }: ReplyParts): Options {
  switch (boot.kind) {
    case 'address-only':
      return [];
    case 'script':
      return [
        [OPTION.bootfileName, text(boot.url)],
        [OPTION.etherboot, skipIpxeProxyDhcp()],
      ];
    case 'nbp':
      return [
        // RFC 4578 section 3: without this class in the answer, PXE firmware takes it for plain DHCP.
        [OPTION.vendorClass, text(VENDOR_CLASS.pxe)],
        [OPTION.tftpServerName, text(policy.serverAddress)],
        [OPTION.bootfileName, text(boot.file)],
        // With the class but without this, EDK2 asks port 4011 four times and gives up ("PXE-E16: No valid offer
        // received"), and BIOS ROMs wait for a ProxyDHCP offer.
        [OPTION.vendorSpecific, skipBootServerDiscovery()],
        ...machineIdOf(request),
      ];
  }
}

/** PXE 2.1 section 2.4: the server returns the client's UUID; some ROMs drop an offer without it. */
function machineIdOf(request: DhcpPacket): Options {
  const value = request.options.get(OPTION.clientMachineId);
  return value !== undefined && readMachineId(value) !== undefined ? [[OPTION.clientMachineId, value]] : [];
}

function echoOf(request: DhcpPacket, code: number): Options {
  const value = request.options.get(code);
  return value === undefined ? [] : [[code, value]];
}
