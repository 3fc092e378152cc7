import { readFileSync } from 'node:fs';
import { type Ipv4, isUnicastMac, type Mac, parseIpv4, parseMac } from '../core/address.ts';
import type { Neighbours } from '../ports/neighbours.ts';

/** Linux shows its ARP cache here: address, hardware type, flags, hardware address, mask, device. */
const TABLE = '/proc/net/arp';
const ETHERNET = '0x1';
/** `ATF_COM` of `net/if_arp.h`: the neighbour has answered. */
const COMPLETE = 0x2;

/** How long what was read is good for those who are in it: a storm asks for a thousand hosts at once. */
const FRESH_MS = 250;

/** The kernel's neighbour table; nobody is known where there is none to read. */
export class NeighbourTable implements Neighbours {
  readonly #read: () => string;
  #known: ReadonlyMap<Ipv4, Mac> = new Map();
  #readAt = -FRESH_MS;

  constructor(read: () => string = () => readFileSync(TABLE, 'latin1')) {
    this.#read = read;
  }

  macOf(address: Ipv4): Mac | undefined {
    const now = performance.now();
    const mac = now - this.#readAt < FRESH_MS ? this.#known.get(address) : undefined;
    if (mac !== undefined) return mac;
    this.#readAt = now;
    this.#known = this.#neighbours();
    return this.#known.get(address);
  }

  #neighbours(): ReadonlyMap<Ipv4, Mac> {
    try {
      return parseNeighbours(this.#read());
    } catch {
      return new Map();
    }
  }
}

/** The neighbours that have answered, from the text of the kernel's table. */
export function parseNeighbours(text: string): ReadonlyMap<Ipv4, Mac> {
  const found = new Map<Ipv4, Mac>();
  for (const line of text.split('\n').slice(1)) {
    const [addressText = '', type, flags, macText = ''] = line.trim().split(/\s+/);
    const address = parseIpv4(addressText);
    const mac = parseMac(macText);
    if (type !== ETHERNET || (Number(flags) & COMPLETE) === 0) continue;
    if (address !== undefined && mac !== undefined && isUnicastMac(mac)) found.set(address, mac);
  }
  return found;
}
