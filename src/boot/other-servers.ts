import { formatSubnet, type Ipv4, type Mac, type Subnet } from '../core/address.ts';
import {
  afterComing,
  afterDiscover,
  afterTaking,
  type ClientHistory,
  mayLend,
  type SubnetHistory,
} from './auto-mode.ts';
import type { Client } from './identify.ts';
import type { Trace } from './trace.ts';

/** A client on one subnet. */
export interface ClientOn {
  readonly mac: Mac;
  readonly subnet: Subnet;
}

interface Sighting {
  readonly mac: Mac;
  readonly until: number;
}

const MOST_CLIENTS = 4096;
const MOST_SIGHTINGS = 16_384;
/** A client that gets another address says so by broadcast, so what was seen holds for long. */
const SIGHTING_MS = 24 * 60 * 60_000;

/**
 * What is known of other DHCP servers, from what their clients broadcast: who uses which of their addresses, and which
 * clients they leave without a boot. INVARIANTS: in memory alone, bounded; the oldest makes room for the newest.
 */
export class OtherServers {
  readonly #clients = new Newest<string, ClientHistory>(MOST_CLIENTS);
  readonly #subnets = new Map<string, SubnetHistory>();
  readonly #sightings = new Newest<Ipv4, Sighting>(MOST_SIGHTINGS);

  /** A client takes an address that another server offered it. */
  took(client: ClientOn, address: Ipv4, now: number): void {
    this.sighted(client.mac, address, now);
    const key = keyOf(client);
    this.#clients.set(key, afterTaking(this.#clients.get(key), now));
    this.#subnets.set(formatSubnet(client.subnet), { otherAt: now });
  }

  /** A client showed the address that it uses. */
  sighted(mac: Mac, address: Ipv4, now: number): void {
    this.#sightings.set(address, { mac, until: now + SIGHTING_MS });
  }

  /** The client that uses an address of another server. */
  macOf(address: Ipv4, now: number): Mac | undefined {
    const sighting = this.#sightings.get(address);
    return sighting !== undefined && sighting.until > now ? sighting.mac : undefined;
  }

  /** A client came for its boot data with an address that we did not give it. */
  came(client: ClientOn): void {
    const before = this.#clients.get(keyOf(client));
    if (before !== undefined) this.#clients.set(keyOf(client), afterComing(before));
  }

  /** A client asks for an address on a subnet of mode `auto`: whether it is to get one of ours. */
  asked(client: ClientOn & { readonly stage: Client['stage'] }, now: number, trace?: Trace): boolean {
    const key = keyOf(client);
    const { stage } = client;
    const history = afterDiscover(this.#clients.get(key), now, stage);
    const subnet = this.#subnets.get(formatSubnet(client.subnet)) ?? {};
    const lends = mayLend({ client: history, subnet, stage, now }, trace);
    this.#clients.set(key, lends ? { ...history, lentAt: now } : history);
    return lends;
  }

  /** Whether the client was offered an address of ours and has taken no other since. */
  isLentTo(client: ClientOn): boolean {
    return this.#clients.get(keyOf(client))?.lentAt !== undefined;
  }

  /** A client took an address of ours. */
  tookOurs({ subnet }: ClientOn, now: number): void {
    const name = formatSubnet(subnet);
    if (this.#subnets.get(name)?.otherAt === undefined) this.#subnets.set(name, { aloneAt: now });
  }
}

function keyOf({ mac, subnet }: ClientOn): string {
  return `${mac} ${subnet.network}`;
}

/** A map of the entries that were set last. */
class Newest<K, V> {
  readonly #limit: number;
  readonly #map = new Map<K, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  set(key: K, value: V): void {
    // Maps keep the order in which keys came.
    this.#map.delete(key);
    this.#map.set(key, value);
    const oldest = this.#map.keys().next();
    if (this.#map.size > this.#limit && oldest.done !== true) this.#map.delete(oldest.value);
  }
}
