import type { Ipv4, Mac } from '../../core/address.ts';
import { messageType } from './options.ts';
import { BROADCAST_FLAG, type DhcpPacket, NO_ADDRESS } from './packet.ts';

/** Where a reply goes. `relay` is the relay agent's server port, all others the client port. */
export type Destination =
  | { readonly kind: 'relay'; readonly address: Ipv4 }
  | { readonly kind: 'unicast'; readonly address: Ipv4 }
  | { readonly kind: 'broadcast' }
  /** An address that does not answer ARP yet, at its hardware address. */
  | { readonly kind: 'hardware'; readonly address: Ipv4; readonly mac: Mac };

/** RFC 2131 section 4.1, paragraphs "If the 'giaddr' field …", in the order of the text. */
export function replyDestination(reply: DhcpPacket): Destination {
  if (reply.giaddr !== NO_ADDRESS) return { kind: 'relay', address: reply.giaddr };
  // A NAK denies the address the client believes to have, so it cannot be sent there.
  if (messageType(reply.options) === 'NAK') return { kind: 'broadcast' };
  if (reply.ciaddr !== NO_ADDRESS) return { kind: 'unicast', address: reply.ciaddr };
  if ((reply.flags & BROADCAST_FLAG) !== 0) return { kind: 'broadcast' };
  return { kind: 'hardware', address: reply.yiaddr, mac: reply.chaddr };
}
