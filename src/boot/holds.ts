import type { Ipv4, Mac, Subnet } from '../core/address.ts';

/** What the allocation needs to know of addresses that are not free although no lease says so. */
export interface HoldView {
  /** The address of a subnet that is offered to a MAC. */
  heldBy(mac: Mac, subnet: Subnet, now: number): Ipv4 | undefined;
  /** The MAC an address is offered to. */
  holderOf(address: Ipv4, now: number): Mac | undefined;
  /** Addresses of a subnet that are no more than offered to MACs that no host owns, the oldest offer first. */
  heldByStrangers(subnet: Subnet, now: number): Iterable<Ipv4>;
}

/** One offer. */
export interface Hold {
  readonly mac: Mac;
  readonly address: Ipv4;
  /** For whom: a MAC that a host owns, one that none owns, or either while its lease is being written to disk. */
  readonly holder: 'host' | 'stranger' | 'binding';
}

/** How long an offer stands: firmware and iPXE wait 3 to 4 s before they take one, and repeat after up to 32 s. */
const OFFER_MS = 60_000;

type Entry = Hold & { readonly expiresAt: number; readonly subnet: Subnet };

/**
 * Offers, in memory: an OFFER promises little, so it never touches the disk.
 * INVARIANTS: in a subnet a MAC holds one address, and an address has one holder; the maps of the subnets are in order
 * of expiry and bounded, the oldest entry making room for the newest, so that made-up MACs fill neither memory nor,
 * for long, the pool.
 */
export class Holds implements HoldView {
  readonly #bySubnet = new Map<Ipv4, Map<Mac, Entry>>();
  readonly #byAddress = new Map<Ipv4, Entry>();
  readonly #watchers: ((address: Ipv4) => void)[] = [];
  readonly #limit: number;

  /** `limit`: offers that may stand in one subnet. */
  constructor(limit = 4096) {
    this.#limit = limit;
  }

  heldBy(mac: Mac, subnet: Subnet, now: number): Ipv4 | undefined {
    const entry = this.#in(subnet).get(mac);
    return entry !== undefined && stands(entry, now) ? entry.address : undefined;
  }

  holderOf(address: Ipv4, now: number): Mac | undefined {
    const entry = this.#byAddress.get(address);
    return entry !== undefined && stands(entry, now) ? entry.mac : undefined;
  }

  *heldByStrangers(subnet: Subnet, now: number): Generator<Ipv4> {
    for (const entry of this.#in(subnet).values())
      if (entry.holder === 'stranger' && stands(entry, now)) yield entry.address;
  }

  /** Whether the address is offered, or was and {@link expire} has not seen the end. */
  isHeld(address: Ipv4): boolean {
    return this.#byAddress.has(address);
  }

  /** All addresses that are offered. */
  addresses(): Iterable<Ipv4> {
    return this.#byAddress.keys();
  }

  /** Be told of every address whose hold begins or ends, the end by time included once {@link expire} has seen it. */
  watch(changed: (address: Ipv4) => void): void {
    this.#watchers.push(changed);
  }

  /** Offer an address, in place of what this MAC has in the subnet, and of whoever had the address. */
  hold(hold: Hold, subnet: Subnet, now: number): void {
    const before = this.#in(subnet).get(hold.mac);
    // A client that asks again while its lease is being written must not weaken its hold.
    const isBinding = before?.holder === 'binding' && before.address === hold.address;
    this.#end(before);
    this.#end(this.#byAddress.get(hold.address));
    const holder = isBinding ? 'binding' : hold.holder;
    const entry = { ...hold, holder, expiresAt: now + OFFER_MS, subnet };
    this.#in(subnet).set(hold.mac, entry);
    this.#byAddress.set(hold.address, entry);
    this.#tell(hold.address);
    this.#makeRoom(subnet, now);
  }

  /** Withdraw the offer to this MAC. */
  release(mac: Mac, subnet: Subnet): void {
    this.#end(this.#in(subnet).get(mac));
  }

  /** Drop the offers of a subnet whose time is over. */
  expire(subnet: Subnet, now: number): void {
    for (const entry of this.#in(subnet).values()) {
      if (stands(entry, now)) return;
      this.#end(entry);
    }
  }

  #makeRoom(subnet: Subnet, now: number): void {
    const entries = this.#in(subnet);
    for (const entry of entries.values()) {
      const isStanding = stands(entry, now);
      if (isStanding && entries.size <= this.#limit) return;
      if (!isStanding || entry.holder !== 'binding') this.#end(entry);
    }
  }

  #end(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#in(entry.subnet).delete(entry.mac);
    this.#byAddress.delete(entry.address);
    this.#tell(entry.address);
  }

  #in({ network }: Subnet): Map<Mac, Entry> {
    const known = this.#bySubnet.get(network);
    if (known !== undefined) return known;
    const made = new Map<Mac, Entry>();
    this.#bySubnet.set(network, made);
    return made;
  }

  #tell(address: Ipv4): void {
    for (const changed of this.#watchers) changed(address);
  }
}

/** An offer that ends later than one made now would is of a clock that was set back since. */
function stands({ expiresAt }: Entry, now: number): boolean {
  return expiresAt > now && expiresAt <= now + OFFER_MS;
}
