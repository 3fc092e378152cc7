import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '../core/address.ts';
import { copyOctets } from '../wire/octets.ts';
import type { Libc } from './libc/libc.ts';
import { fixedMemory } from './libc/memory.ts';
import { ReceiveBatch } from './libc/receive-batch.ts';
import { MOST_QUEUED, SendBatch } from './libc/send-batch.ts';

/** Who sent a datagram, and how long it is. */
export interface Sender {
  readonly address: Ipv4;
  readonly port: number;
  readonly size: number;
}

/** Messages of one call; that many wait when a storm begins. */
const TOGETHER = 64;
/** Calls in a row: what else there is to do goes on after some hundred messages. */
const MOST_CALLS = 4;
/** Octets of a message that are read: more than a link carries; what is beyond is not looked at. */
const MOST_OCTETS = 4096;
/** Replies of one call: their clients go on while the next ones are made, and a relay agent's socket holds 160 at most. */
const SENT_TOGETHER = 16;
/** Octets of a reply at most: an Ethernet frame's. */
const REPLY_OCTETS = 1536;

/**
 * Receives what waits in a socket by one system call, and sends the replies of a turn of the event loop by a few: half of what a
 * DHCP exchange costs are its system calls.
 */
export class DhcpBatch {
  readonly #received: ReceiveBatch;
  readonly #sent: SendBatch;
  readonly #replies = fixedMemory(MOST_QUEUED * REPLY_OCTETS);
  readonly #address: number;
  #slot = 0;
  #queued = 0;
  #isScheduled = false;

  /** `lost`: told why a reply could not be sent. */
  constructor(libc: Libc, lost: (reason: string) => void) {
    this.#received = new ReceiveBatch(libc, { count: TOGETHER, octets: MOST_OCTETS });
    this.#sent = new SendBatch(libc, (_, reason) => lost(reason));
    this.#address = libc.addressOf(this.#replies);
  }

  /** Receive what waits in a socket. */
  drain(fd: number, heard: (bytes: Uint8Array, from: Sender) => void): void {
    for (let calls = 0; calls < MOST_CALLS; calls++) {
      const count = this.#received.receive(fd);
      for (let index = 0; index < count; index++) {
        const address = ipv4FromNumber(this.#received.address(index));
        const size = this.#received.length(index);
        // A copy: the memory is received into again before all answers are there.
        heard(copyOctets(this.#received.bytes(index)), { address, port: this.#received.port(index), size });
      }
      if (count < TOGETHER) return;
    }
  }

  /** Send a reply with others of this turn of the event loop. */
  queue(fd: number, bytes: Uint8Array, to: { readonly address: Ipv4; readonly port: number }): void {
    const at = this.#slot * REPLY_OCTETS;
    this.#slot = (this.#slot + 1) % MOST_QUEUED;
    const length = Math.min(bytes.length, REPLY_OCTETS);
    this.#replies.set(length === bytes.length ? bytes : bytes.subarray(0, length), at);
    const memory = { memory: this.#address + at, keep: this.#replies, length, packet: length };
    this.#sent.queue({ fd, address: ipv4ToNumber(to.address), port: to.port, ...memory });
    if (++this.#queued === SENT_TOGETHER) return this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Send what is queued, before a socket is closed. */
  flush(): void {
    this.#queued = 0;
    this.#sent.flush();
  }
}
