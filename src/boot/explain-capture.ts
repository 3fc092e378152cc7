import type { Ipv4, Mac } from '../core/address.ts';
import { type DhcpPacket, decodePacket } from '../wire/dhcp/packet.ts';
import type { CapturedDatagram } from '../wire/pcap.ts';
import type { Explainer, Explanation } from './explain.ts';
import type { DhcpRequest } from './request.ts';

/** A reply that somebody sent. */
export interface SeenReply {
  readonly time: number;
  readonly source: Ipv4;
  readonly packet: DhcpPacket;
}

/** A message of a client, what we would answer, and what was answered. */
export interface ExplainedMessage {
  readonly time: number;
  readonly explanation: Explanation;
  readonly replies: readonly SeenReply[];
}

/** What a capture of DHCP holds. */
export interface ExplainedCapture {
  /** In the order of the capture. */
  readonly messages: readonly ExplainedMessage[];
  /** Datagrams at DHCP's ports that are no DHCP message. */
  readonly malformed: number;
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const BOOT_SERVER_PORT = 4011;

/**
 * Explain each message of a capture in turn, of one MAC or of all, as one that came by the link of the server's address
 * `local`; each finds the world as the ones before left it.
 */
export async function explainCapture(
  seen: Iterable<CapturedDatagram>,
  explainer: Explainer,
  { only, local }: { readonly only?: Mac; readonly local?: Ipv4 } = {},
): Promise<ExplainedCapture> {
  const messages: (ExplainedMessage & { readonly replies: SeenReply[] })[] = [];
  let malformed = 0;
  for (const datagram of seen) {
    const { source, destination, time, payload } = datagram;
    if (!isDhcp(source.port) && !isDhcp(destination.port)) continue;
    const decoded = decodePacket(payload);
    if (!decoded.ok) {
      malformed++;
      continue;
    }
    const { packet } = decoded;
    if (only !== undefined && packet.chaddr !== only) continue;
    if (packet.op === 1) {
      const request = { ...requestOf(datagram, packet), ...(local === undefined ? {} : { local }) };
      messages.push({ time, explanation: await explainer.explain(request), replies: [] });
    } else {
      lastAsked(messages, packet)?.replies.push({ time, source: source.address, packet });
    }
  }
  return { messages, malformed };
}

function isDhcp(port: number): boolean {
  return port === SERVER_PORT || port === CLIENT_PORT || port === BOOT_SERVER_PORT;
}

function requestOf({ source, destination }: CapturedDatagram, packet: DhcpPacket): DhcpRequest {
  const service = destination.port === BOOT_SERVER_PORT ? 'boot-server' : 'dhcp';
  return { packet, source: source.address, service };
}

function lastAsked<M extends ExplainedMessage>(messages: readonly M[], reply: DhcpPacket): M | undefined {
  return messages.findLast(({ explanation: { request } }) => {
    return request.packet.xid === reply.xid && request.packet.chaddr === reply.chaddr;
  });
}
