import type { Ipv4, Mac } from '../core/address.ts';

/** What the allocation needs to know of addresses that are not free although no lease says so. */
export interface HoldView {
  /** The address offered to a MAC. */
  heldBy(mac: Mac, now: number): Ipv4 | undefined;
  /** The MAC an address is offered to. */
  holderOf(address: Ipv4, now: number): Mac | undefined;
  /** Whether a client found the address in use by another (RFC 2131 section 4.3.3). */
  isQuarantined(address: Ipv4, now: number): boolean;
  /** Addresses that are no more than offered to MACs that no host owns, the oldest offer first. */
  heldByStrangers(now: number): readonly Ipv4[];
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
const QUARANTINE_MS = 10 * 60_000;

/**
 * Offers and quarantined addresses, in memory: an OFFER promises little, so it never touches the disk.
 * INVARIANTS: a MAC holds one address and an address has one holder; both maps are in order of expiry and bounded,
 * the oldest entry making room for the newest, so that made-up MACs fill neither memory nor, for long, the pool.
 */
export class Holds implements HoldView {
  readonly #byMac = new Map<Mac, Hold & { readonly expiresAt: number }>();
  readonly #byAddress = new Map<Ipv4, Mac>();
  readonly #quarantine = new Map<Ipv4, number>();
  readonly #limit: number;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  heldBy(mac: Mac, now: number): Ipv4 | undefined {
    const hold = this.#byMac.get(mac);
    return hold !== undefined && hold.expiresAt > now ? hold.address : undefined;
  }

  holderOf(address: Ipv4, now: number): Mac | undefined {
    const mac = this.#byAddress.get(address);
    return mac !== undefined && this.heldBy(mac, now) === address ? mac : undefined;
  }

  isQuarantined(address: Ipv4, now: number): boolean {
    return (this.#quarantine.get(address) ?? 0) > now;
  }

  heldByStrangers(now: number): readonly Ipv4[] {
    return [...this.#byMac.values()]
      .filter((hold) => hold.holder === 'stranger' && hold.expiresAt > now)
      .map((hold) => hold.address);
  }

  /** Offer an address, in place of what this MAC or address had before. */
  hold(hold: Hold, now: number): void {
    const before = this.#byMac.get(hold.mac);
    // A client that asks again while its lease is being written must not weaken its hold.
    const isBinding = before?.holder === 'binding' && before.address === hold.address;
    this.release(hold.mac);
    const previous = this.#byAddress.get(hold.address);
    if (previous !== undefined) this.release(previous);
    const holder = isBinding ? 'binding' : hold.holder;
    this.#byMac.set(hold.mac, { ...hold, holder, expiresAt: now + OFFER_MS });
    this.#byAddress.set(hold.address, hold.mac);
    this.#makeRoom(now);
  }

  /** Withdraw the offer to this MAC. */
  release(mac: Mac): void {
    const hold = this.#byMac.get(mac);
    if (hold === undefined) return;
    this.#byMac.delete(mac);
    if (this.#byAddress.get(hold.address) === mac) this.#byAddress.delete(hold.address);
  }

  /** Keep an address from being given to anyone for ten minutes; gives the time at which that ends. */
  quarantine(address: Ipv4, now: number): number {
    this.#quarantine.delete(address);
    this.#quarantine.set(address, now + QUARANTINE_MS);
    for (const [oldest, until] of this.#quarantine) {
      if (until > now && this.#quarantine.size <= this.#limit) break;
      this.#quarantine.delete(oldest);
    }
    return now + QUARANTINE_MS;
  }

  #makeRoom(now: number): void {
    for (const { mac, expiresAt, holder } of this.#byMac.values()) {
      if (expiresAt > now && this.#byMac.size <= this.#limit) return;
      if (expiresAt <= now || holder !== 'binding') this.release(mac);
    }
  }
}
