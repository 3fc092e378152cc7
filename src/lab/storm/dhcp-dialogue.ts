import type { Ipv4, Mac } from '../../core/address.ts';
import type { Dialogue, Turn } from '../../ports/storm-card.ts';
import { messageType, OPTION, readAddress, readText } from '../../wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket } from '../../wire/dhcp/packet.ts';
import { type DhcpSpeaker, dhcpMessage } from './dhcp-messages.ts';

/** A lease, as far as a booting host looks at it. */
export interface StormLease {
  readonly address: Ipv4;
  readonly server: Ipv4;
  /** What to boot: name of a file or a URL; empty when nothing is named. */
  readonly bootfile: string;
}

/** How asking for an address ended, and what it took. */
export interface DhcpOutcome {
  readonly lease?: StormLease;
  /** Why there is no lease. */
  readonly fault?: string;
  /** Milliseconds from a message to its answer, for those that were sent once only. */
  readonly answers: readonly number[];
  readonly retries: number;
  readonly bytes: number;
}

/** Who asks, and how patiently. */
export interface DhcpAsking {
  readonly mac: Mac;
  readonly speaker: DhcpSpeaker;
  /** Milliseconds that each try waits for an answer; as many tries as there are numbers. */
  readonly waits: readonly number[];
  /** 0 to 1, for the transaction id and the jitter of RFC 2131 section 4.1. */
  readonly random: () => number;
}

const MOST_NAKS = 3;
const NOTHING: Turn<DhcpOutcome> = { send: [] };

/** DISCOVER, OFFER, REQUEST, ACK (RFC 2131 section 3.1), with the retries of a real client. */
export class DhcpDialogue implements Dialogue<DhcpOutcome> {
  readonly #asking: DhcpAsking;
  readonly #xid: number;
  readonly #answers: number[] = [];
  #startedAt = 0;
  #sentAt = 0;
  #tries = 0;
  #naks = 0;
  #retries = 0;
  #bytes = 0;
  #offer: StormLease | undefined;

  constructor(asking: DhcpAsking) {
    this.#asking = asking;
    this.#xid = Math.floor(asking.random() * 0x1_0000_0000);
  }

  begin(now: number): Turn<DhcpOutcome> {
    this.#startedAt = now;
    return this.#ask(now);
  }

  hear(datagram: Uint8Array, _port: number, now: number): Turn<DhcpOutcome> {
    const decoded = decodePacket(datagram);
    if (!decoded.ok || decoded.packet.op !== 2 || decoded.packet.xid !== this.#xid) return NOTHING;
    this.#bytes += datagram.length;
    const { packet } = decoded;
    switch (messageType(packet.options)) {
      case 'OFFER':
        return this.#onOffer(packet, now);
      case 'ACK':
        return this.#offer === undefined ? NOTHING : this.#bound(packet, now);
      case 'NAK':
        return this.#offer === undefined ? NOTHING : this.#refused(now);
      default:
        return NOTHING;
    }
  }

  timeUp(now: number): Turn<DhcpOutcome> {
    this.#tries += 1;
    if (this.#tries < this.#asking.waits.length) {
      this.#retries += 1;
      return this.#send(now);
    }
    const message = this.#offer === undefined ? 'DISCOVER' : 'REQUEST';
    return this.#end({ fault: `no answer to ${this.#tries} ${message}` });
  }

  #onOffer(packet: DhcpPacket, now: number): Turn<DhcpOutcome> {
    const lease = leaseOf(packet);
    // Firmware that wants to boot passes over an offer of an address alone.
    if (this.#offer !== undefined || lease === undefined) return NOTHING;
    if (this.#asking.speaker !== 'initramfs' && lease.bootfile === '') return NOTHING;
    this.#answered(now);
    this.#offer = lease;
    return this.#ask(now);
  }

  #bound(packet: DhcpPacket, now: number): Turn<DhcpOutcome> {
    const lease = leaseOf(packet);
    if (lease === undefined) return NOTHING;
    this.#answered(now);
    if (lease.address === this.#offer?.address) return this.#end({ lease });
    return this.#end({ fault: `ACK of ${lease.address} after OFFER of ${this.#offer?.address ?? 'none'}` });
  }

  #refused(now: number): Turn<DhcpOutcome> {
    this.#naks += 1;
    if (this.#naks >= MOST_NAKS) return this.#end({ fault: `${this.#naks} NAK` });
    this.#offer = undefined;
    return this.#ask(now);
  }

  #ask(now: number): Turn<DhcpOutcome> {
    this.#tries = 0;
    return this.#send(now);
  }

  #send(now: number): Turn<DhcpOutcome> {
    const { mac, speaker, waits, random } = this.#asking;
    const secs = Math.min(Math.floor((now - this.#startedAt) / 1000), 0xffff);
    const selected = this.#offer === undefined ? {} : { selected: this.#offer };
    const message = dhcpMessage({ mac, speaker, xid: this.#xid, secs, ...selected });
    this.#bytes += message.length;
    this.#sentAt = now;
    // RFC 2131 section 4.1: a random second more or less; here an eighth, since some waits are short.
    const wait = (waits[this.#tries] ?? 1000) * (0.875 + random() / 4);
    return { send: [message], wait };
  }

  #answered(now: number): void {
    if (this.#tries === 0) this.#answers.push(now - this.#sentAt);
  }

  #end(how: Pick<DhcpOutcome, 'lease' | 'fault'>): Turn<DhcpOutcome> {
    const result = { ...how, answers: this.#answers, retries: this.#retries, bytes: this.#bytes };
    return { send: [], result };
  }
}

function leaseOf({ yiaddr, file, options }: DhcpPacket): StormLease | undefined {
  const server = readAddress(options, OPTION.serverIdentifier);
  if (server === undefined) return undefined;
  return { address: yiaddr, server, bootfile: readText(options, OPTION.bootfileName) ?? file };
}
