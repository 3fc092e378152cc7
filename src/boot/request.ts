import { type Ipv4, isUnicastMac, isUsableIn } from '../core/address.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import { messageType, OPTION, readAddress } from '../wire/dhcp/options.ts';
import { type DhcpPacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';
import type { IgnoreReason } from './ignore-reason.ts';

/** A DHCP message as it reached the server. */
export interface DhcpRequest {
  readonly packet: DhcpPacket;
  /** Address the datagram came from; `0.0.0.0` for a client that has none. */
  readonly source: Ipv4;
  /** Our address on the link that it came by; undefined when that is not known. */
  readonly local?: Ipv4;
  /** The port it came to: 67, or 4011 for the boot server of PXE. */
  readonly service: 'dhcp' | 'boot-server';
}

/** What a client wants: RFC 2131 section 4.3 with the four kinds of REQUEST told apart as in table 4. */
export type Wish =
  | { readonly kind: 'discover'; readonly requested?: Ipv4 }
  /** It takes the offer of `server`. */
  | { readonly kind: 'selecting'; readonly server: Ipv4; readonly requested: Ipv4 }
  /** It has been rebooted and remembers an address. */
  | { readonly kind: 'init-reboot'; readonly requested: Ipv4 }
  /** RENEWING (sent to us) or REBINDING (broadcast): it uses the address. */
  | { readonly kind: 'renewing'; readonly requested: Ipv4 }
  | { readonly kind: 'decline'; readonly server?: Ipv4; readonly requested: Ipv4 }
  | { readonly kind: 'release'; readonly server?: Ipv4; readonly requested: Ipv4 }
  /** It has its address by other means. */
  | { readonly kind: 'inform'; readonly requested: Ipv4 }
  /** It speaks BOOTP alone (RFC 951). */
  | { readonly kind: 'bootp' };

/** A wish, or why the message holds none. */
export type ReadWish =
  | { readonly ok: true; readonly wish: Wish }
  | { readonly ok: false; readonly reason: IgnoreReason };

/** Where the client of a message is. */
export interface Place {
  readonly subnet: ServedSubnet;
  /** It came by a relay agent whose word counts. */
  readonly byTrustedRelay: boolean;
}

/** RFC 1542 section 4.1.1: more hops are a loop. */
const MOST_HOPS = 16;

/** Is it for us? Undefined: yes; else why not. Says nothing about whether it can be used. */
export function notForUs(packet: DhcpPacket): IgnoreReason | undefined {
  if (packet.op !== 1) return 'is-a-reply';
  const type = messageType(packet.options);
  if (type === undefined && packet.options.has(OPTION.messageType)) return 'unsupported-message';
  if (type === 'OFFER' || type === 'ACK' || type === 'NAK') return 'unsupported-message';
  if (packet.hops > MOST_HOPS) return 'too-many-hops';
  return undefined;
}

/** Read what the client wants of a message that is for us. */
export function readWish({ packet, source }: DhcpRequest, place: Place): ReadWish {
  if (!isUnicastMac(packet.chaddr)) return { ok: false, reason: 'bad-mac' };
  const wish = wishOf(packet, source);
  if (wish === undefined) return { ok: false, reason: 'missing-address' };
  const reason = faultOf(wish, source, place);
  return reason === undefined ? { ok: true, wish } : { ok: false, reason };
}

function wishOf(packet: DhcpPacket, source: Ipv4): Wish | undefined {
  const { options } = packet;
  const server = addressOption(packet, OPTION.serverIdentifier);
  const requested = addressOption(packet, OPTION.requestedAddress);
  const ciaddr = packet.ciaddr === NO_ADDRESS ? undefined : packet.ciaddr;
  const toServer = server === undefined ? {} : { server };
  switch (messageType(options)) {
    case 'DISCOVER':
      return { kind: 'discover', ...(requested === undefined ? {} : { requested }) };
    case 'REQUEST':
      return requestOf(server, requested, ciaddr);
    case 'DECLINE':
      return requested && { kind: 'decline', requested, ...toServer };
    case 'RELEASE':
      return ciaddr && { kind: 'release', requested: ciaddr, ...toServer };
    case 'INFORM':
      return informOf(packet, ciaddr, source);
    default:
      return options.has(OPTION.messageType) ? undefined : { kind: 'bootp' };
  }
}

/** Some clients leave ciaddr out of an INFORM; their address is then where it came from, unless that is a relay agent. */
function informOf({ giaddr }: DhcpPacket, ciaddr: Ipv4 | undefined, source: Ipv4): Wish | undefined {
  if (ciaddr !== undefined) return { kind: 'inform', requested: ciaddr };
  return giaddr === NO_ADDRESS && source !== NO_ADDRESS ? { kind: 'inform', requested: source } : undefined;
}

/** RFC 2131 section 4.3.2: which fields are filled tells the client's state. */
function requestOf(server?: Ipv4, requested?: Ipv4, ciaddr?: Ipv4): Wish | undefined {
  const address = requested ?? ciaddr;
  if (address === undefined) return undefined;
  if (server !== undefined) return { kind: 'selecting', server, requested: address };
  return ciaddr === undefined
    ? { kind: 'init-reboot', requested: address }
    : { kind: 'renewing', requested: ciaddr };
}

/** What is wrong with a wish that speaks of an address in use: replies go to that address. */
function faultOf(
  wish: Wish,
  source: Ipv4,
  { subnet: served, byTrustedRelay }: Place,
): IgnoreReason | undefined {
  switch (wish.kind) {
    case 'renewing':
    case 'inform':
    case 'release':
      if (!isUsableIn(served.subnet, wish.requested)) return 'outside-subnet';
      if (wish.requested === served.serverAddress) return 'outside-subnet';
      // RFC 2131 section 4.4.6: a RELEASE comes from the address it gives back, so nobody gives back another's. By RFC
      // 5107 it comes by the relay agent.
      return wish.kind === 'release' && source !== wish.requested && !byTrustedRelay
        ? 'wrong-source'
        : undefined;
    default:
      return undefined;
  }
}

function addressOption(packet: DhcpPacket, code: number): Ipv4 | undefined {
  const address = readAddress(packet.options, code);
  return address === NO_ADDRESS ? undefined : address;
}
