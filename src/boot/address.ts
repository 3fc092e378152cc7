import {
  type Ipv4,
  ipv4FromNumber,
  ipv4ToNumber,
  isUsableIn,
  type Mac,
  rangeContains,
  subnetContains,
} from '../core/address.ts';
import type { Host } from '../core/host.ts';
import type { Inventory } from '../core/inventory.ts';
import { type BootPolicy, isOwnAddress } from '../core/policy.ts';
import type { ServedSubnet } from '../core/subnet.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { HoldView } from './holds.ts';
import type { IgnoreReason } from './ignore-reason.ts';

/** All that says which addresses are whose. */
export interface AddressBook {
  readonly inventory: Inventory;
  readonly policy: BootPolicy;
  /** The subnet that the address shall lie in. */
  readonly subnet: ServedSubnet;
  readonly leases: Pick<LeaseStore, 'findByMac' | 'findByAddress' | 'list'>;
  readonly holds: HoldView;
}

/** Who asks for an address. */
export interface AddressQuestion {
  readonly mac: Mac;
  readonly host: Host;
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
      readonly reason: Extract<IgnoreReason, 'no-pool' | 'reservation-in-use' | 'pool-exhausted'>;
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
  if (book.subnet.pool === undefined) {
    return { kind: 'none', reason: reserved === undefined ? 'no-pool' : 'reservation-in-use' };
  }
  const usual = [
    book.holds.heldBy(mac, now),
    book.leases.findByMac(mac, book.subnet.subnet)?.address,
    requested,
  ];
  const address =
    usual.filter(isPresent).find((each) => isPoolable(each, book) && isFree(each)) ??
    neverLeased(question, book) ??
    longestExpired(question, book) ??
    takenFromStranger(question, book);
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
export function reservedIn(host: Host, { subnet }: ServedSubnet): Ipv4 | undefined {
  return host.address !== undefined && subnetContains(subnet, host.address) ? host.address : undefined;
}

/** Nobody else has it leased, is offered it, or found it in use. */
function isFreeFor(question: AddressQuestion, address: Ipv4, book: AddressBook): boolean {
  const holder = book.holds.holderOf(address, question.now);
  return (holder === undefined || holder === question.mac) && isLeasable(question, address, book);
}

function isLeasable({ mac, now }: AddressQuestion, address: Ipv4, book: AddressBook): boolean {
  if (book.holds.isQuarantined(address, now)) return false;
  const lease = book.leases.findByAddress(address);
  if (lease === undefined || lease.expiresAt <= now) return true;
  return lease.mac === mac && lease.state === 'bound';
}

/** In the pool, and neither reserved for a host nor the server's, the router's or a DNS server's own. */
function isPoolable(address: Ipv4, { inventory, policy, subnet: served }: AddressBook): boolean {
  const { subnet, pool, router, dns } = served;
  if (pool === undefined || !rangeContains(pool, address) || !isUsableIn(subnet, address)) return false;
  if (isOwnAddress(policy, address) || address === router || dns.includes(address)) return false;
  return !inventory.byAddress.has(address);
}

/** The search starts at a place told by the MAC, so a MAC finds its address again even if leases were lost. */
function neverLeased(question: AddressQuestion, book: AddressBook): Ipv4 | undefined {
  const pool = book.subnet.pool;
  if (pool === undefined) return undefined;
  const first = ipv4ToNumber(pool.first);
  const size = ipv4ToNumber(pool.last) - first + 1;
  const start = hash(question.mac) % size;
  for (let step = 0; step < size; step++) {
    const address = ipv4FromNumber(first + ((start + step) % size));
    if (book.leases.findByAddress(address) !== undefined || !isPoolable(address, book)) continue;
    if (isFreeFor(question, address, book)) return address;
  }
  return undefined;
}

function longestExpired(question: AddressQuestion, book: AddressBook): Ipv4 | undefined {
  return book.leases
    .list()
    .filter(({ expiresAt }) => expiresAt <= question.now)
    .sort((a, b) => a.expiresAt - b.expiresAt)
    .map(({ address }) => address)
    .find((address) => isPoolable(address, book) && isFreeFor(question, address, book));
}

function takenFromStranger(question: AddressQuestion, book: AddressBook): Ipv4 | undefined {
  if (!book.inventory.byMac.has(question.mac)) return undefined;
  return book.holds
    .heldByStrangers(question.now)
    .find((address) => isPoolable(address, book) && isLeasable(question, address, book));
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  return value >>> 0;
}

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
