import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import type { Ipv4, Mac } from '../core/address.ts';
import type { AddressProbe } from '../ports/address-probe.ts';
import { parseNeighbours } from './neighbour-table.ts';

/** How a probe reaches the kernel; those left out are the real ones. */
export interface ArpProbeOptions {
  /** Make the kernel forget what it knows of an address. Rejects when it may not. */
  readonly forget: (address: Ipv4) => Promise<unknown>;
  /** The kernel's neighbour table as text. */
  readonly read?: () => string;
}

interface Asking {
  readonly until: number;
  readonly answer: (mac: Mac | undefined) => void;
}

/** RFC 863, discard: whoever has the address drops the datagram or says that the port is closed. */
const DISCARD = 9;
const WAIT_MS = 300;
const LOOK_MS = 25;
const REMEMBER_MS = 5000;
/** The kernel keeps 1024 neighbours at the most, and one that does not answer for three seconds. */
const MOST_AT_ONCE = 32;
const MOST_REMEMBERED = 1024;

/**
 * Asks by ARP, without a raw socket: the kernel has to resolve an address before it sends a datagram there, and shows
 * in its neighbour table who answered. INVARIANTS: at most 32 addresses are asked for at a time, for others nobody is
 * known to answer; an answer is remembered for five seconds.
 */
export class ArpProbe implements AddressProbe {
  readonly #forget: (address: Ipv4) => Promise<unknown>;
  readonly #read: () => string;
  readonly #asking = new Map<Ipv4, Asking>();
  readonly #answers = new Map<Ipv4, { readonly at: number; readonly mac: Promise<Mac | undefined> }>();
  readonly #sockets = new Map<Ipv4, Promise<Socket>>();
  #isLooking = false;
  #skipped = 0;

  constructor({ forget, read = () => readFileSync('/proc/net/arp', 'latin1') }: ArpProbeOptions) {
    this.#forget = forget;
    this.#read = read;
  }

  /** How many addresses were not asked for, because too many were. */
  get skipped(): number {
    return this.#skipped;
  }

  whoHas(address: Ipv4, from: Ipv4): Promise<Mac | undefined> {
    const now = performance.now();
    const known = this.#answers.get(address);
    if (known !== undefined && now - known.at < REMEMBER_MS) return known.mac;
    if (this.#asking.size >= MOST_AT_ONCE) {
      this.#skipped++;
      return Promise.resolve(undefined);
    }
    const { promise, resolve } = Promise.withResolvers<Mac | undefined>();
    this.#asking.set(address, { until: now + WAIT_MS, answer: resolve });
    this.#remember(address, promise, now);
    void this.#ask(address, from);
    return promise;
  }

  async #ask(address: Ipv4, from: Ipv4): Promise<void> {
    try {
      // What the table has may be of a machine that left long ago: it has to answer anew.
      if (this.#table().has(address)) await this.#forget(address);
      const socket = await this.#socket(from);
      socket.send('', DISCARD, address, (error) => {
        if (error !== null) this.#settle(address, undefined);
      });
      this.#lookLater();
    } catch {
      this.#settle(address, undefined);
    }
  }

  #lookLater(): void {
    if (!this.#isLooking) setTimeout(() => this.#look(), LOOK_MS);
    this.#isLooking = true;
  }

  #look(): void {
    this.#isLooking = false;
    const table = this.#table();
    const now = performance.now();
    for (const [address, { until }] of this.#asking) {
      const mac = table.get(address);
      if (mac !== undefined || now >= until) this.#settle(address, mac);
    }
    if (this.#asking.size > 0) this.#lookLater();
  }

  #settle(address: Ipv4, mac: Mac | undefined): void {
    this.#asking.get(address)?.answer(mac);
    this.#asking.delete(address);
  }

  #table(): ReadonlyMap<Ipv4, Mac> {
    try {
      return parseNeighbours(this.#read());
    } catch {
      return new Map();
    }
  }

  #remember(address: Ipv4, mac: Promise<Mac | undefined>, at: number): void {
    this.#answers.delete(address);
    this.#answers.set(address, { at, mac });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MOST_REMEMBERED && oldest !== undefined) this.#answers.delete(oldest);
  }

  #socket(from: Ipv4): Promise<Socket> {
    const known = this.#sockets.get(from);
    if (known !== undefined) return known;
    const opened = open(from);
    this.#sockets.set(from, opened);
    opened.catch(() => this.#sockets.delete(from));
    return opened;
  }
}

function open(from: Ipv4): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = createSocket('udp4').unref();
  socket.once('error', reject);
  socket.bind(0, from, () => {
    socket.removeListener('error', reject);
    // "Port is closed" is as good an answer as any, and it is the table that is read.
    socket.on('error', () => undefined);
    resolve(socket);
  });
  return promise;
}
