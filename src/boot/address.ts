import { type Ipv4, isUsableIn, type Mac, subnetContains } from '../core/address.ts';
import type { Lodger } from '../core/host.ts';
import type { Inventory } from '../core/inventory.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { HoldView } from './holds.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import type { Pool, Pools } from './pools.ts';

/** All that says which addresses are whose. */
export interface AddressBook {
  readonly inventory: Inventory;
  readonly policy: BootPolicy;
  /** The subnet that the address shall lie in. */
  readonly subnet: ServedSubnet;
  readonly leases: Pick<LeaseStore, 'findByMac' | 'findByAddress'>;
  readonly holds: HoldView;
  readonly pools: Pools;
}

/** Who asks for an address. */
export interface AddressQuestion {
  readonly mac: Mac;
  readonly host: Lodger;
  /** The address the client would like (option 50). */
  readonly requested?: Ipv4;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The address to give, or why there is none. */
export type AddressDecision =
  | { readonly kind: 'address'; readonly address: Ipv4 }
  | {
      readonly kind: 'none';
      readonly reason: Extract<
        IgnoreReason,
        'no-pool' | 'reservation-in-use' | 'pool-exhausted' | 'address-conflict'
      >;
    };

/**
 * Choose an address in the order of RFC 2131 section 4.3.1: the reservation, the one offered or leased to this MAC
 * before, the requested one, a free one; then the longest expired one; then, for a host we know, one that is only
 * offered to a stranger. A MAC so keeps one address over firmware, iPXE, initramfs and system.
 */
export function chooseAddress(question: AddressQuestion, book: AddressBook): AddressDecision {
  const { mac, host, requested, now } = question;
  const isFree = (address: Ipv4): boolean => isFreeFor(question, address, book);
  const reserved = reservedIn(host, book.subnet);
  if (reserved !== undefined && isFree(reserved)) return { kind: 'address', address: reserved };
  const pool = book.pools.of(book, now);
  if (pool === undefined) {
    return { kind: 'none', reason: reserved === undefined ? 'no-pool' : 'reservation-in-use' };
  }
  const { subnet } = book.subnet;
  const usual = [book.holds.heldBy(mac, subnet, now), book.leases.findByMac(mac, subnet)?.address, requested];
  const address =
    usual.find((each) => each !== undefined && pool.has(each) && isFree(each)) ??
    // The place is told by the MAC, so a MAC finds its address again even if leases were lost.
    pool.neverLeased(hash(mac)) ??
    pool.longestExpired(now) ??
    takenFromStranger(question, pool, book);
  return address === undefined ? { kind: 'none', reason: 'pool-exhausted' } : { kind: 'address', address };
}

/**
 * Whether a running host may go on with its address: its own lease, in the subnet, that no other host has reserved
 * meanwhile. A reservation made for the host itself takes effect when it next boots, not under its feet.
 */
export function mayKeep(question: AddressQuestion, address: Ipv4, book: AddressBook): boolean {
  const lease = book.leases.findByMac(question.mac, book.subnet.subnet);
  const owner = book.inventory.byAddress.get(address);
  if (lease?.address !== address || lease.state !== 'bound') return false;
  if (owner !== undefined && owner.name !== question.host.name) return false;
  return isUsableIn(book.subnet.subnet, address) && isFreeFor(question, address, book);
}

/** The address that the host has reserved on this subnet. */
export function reservedIn(host: Lodger, { subnet }: ServedSubnet): Ipv4 | undefined {
  return host.address !== undefined && subnetContains(subnet, host.address) ? host.address : undefined;
}

/** Nobody else has it leased, is offered it, or found it in use. */
function isFreeFor(question: AddressQuestion, address: Ipv4, book: AddressBook): boolean {
  const holder = book.holds.holderOf(address, question.now);
  return (holder === undefined || holder === question.mac) && isLeasable(question, address, book);
}

function isLeasable({ mac, now }: AddressQuestion, address: Ipv4, book: AddressBook): boolean {
  const lease = book.leases.findByAddress(address);
  if (lease === undefined || lease.expiresAt <= now) return true;
  return lease.mac === mac && lease.state === 'bound';
}

function takenFromStranger(question: AddressQuestion, pool: Pool, book: AddressBook): Ipv4 | undefined {
  if (!book.inventory.byMac.has(question.mac)) return undefined;
  for (const address of book.holds.heldByStrangers(book.subnet.subnet, question.now))
    if (pool.has(address) && isLeasable(question, address, book)) return address;
  return undefined;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}
