import type { AddressBook, AddressDecision, AddressQuestion } from '../../src/boot/address.ts';
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, rangeContains } from '../../src/core/address.ts';

/** The rules of `chooseAddress` by plain search over everything: slow, and easy to believe. */
export function naiveChoice(
  question: AddressQuestion,
  book: AddressBook & { leases: Listed },
): AddressDecision {
  const { mac, host, requested, now } = question;
  const { subnet, pool } = book.subnet;
  const isLeasable = (address: Ipv4): boolean => {
    const lease = book.leases.list().find((each) => each.address === address);
    return lease === undefined || lease.expiresAt <= now || (lease.mac === mac && lease.state === 'bound');
  };
  const isFree = (address: Ipv4): boolean => {
    const holder = book.holds.holderOf(address, now);
    return (holder === undefined || holder === mac) && isLeasable(address);
  };
  if (host.address !== undefined && isFree(host.address)) return { kind: 'address', address: host.address };
  if (pool === undefined) throw new Error('The model needs a pool');
  const own = [...book.subnet.dns, book.subnet.router, book.subnet.serverAddress];
  const isPoolable = (address: Ipv4): boolean =>
    rangeContains(pool, address) && !own.includes(address) && !book.inventory.byAddress.has(address);
  const usable = (address: Ipv4 | undefined): address is Ipv4 =>
    address !== undefined && isPoolable(address) && isFree(address);
  const usual = [book.holds.heldBy(mac, subnet, now), book.leases.findByMac(mac, subnet)?.address, requested];
  const first = ipv4ToNumber(pool.first);
  const size = ipv4ToNumber(pool.last) - first + 1;
  const inOrder = Array.from({ length: size }, (_, at) => ipv4FromNumber(first + ((hash(mac) + at) % size)));
  const expired = book.leases
    .list()
    .filter(({ expiresAt }) => expiresAt <= now)
    .sort((a, b) => a.expiresAt - b.expiresAt || ipv4ToNumber(a.address) - ipv4ToNumber(b.address))
    .map(({ address }) => address);
  const strangers = book.inventory.byMac.has(mac) ? [...book.holds.heldByStrangers(subnet, now)] : [];
  const address =
    usual.find(usable) ??
    inOrder.find((each) => book.leases.findByAddress(each) === undefined && usable(each)) ??
    expired.find(usable) ??
    strangers.find((each) => isPoolable(each) && isLeasable(each));
  return address === undefined ? { kind: 'none', reason: 'pool-exhausted' } : { kind: 'address', address };
}

interface Listed {
  list(): readonly {
    readonly address: Ipv4;
    readonly mac: string;
    readonly expiresAt: number;
    readonly state: string;
  }[];
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193);
  return value >>> 0;
}
