import type { Ipv4 } from '../core/address.ts';
import { type AddressBook, type AddressDecision, type AddressQuestion, reservedIn } from './address.ts';
import type { TriedRule } from './trace.ts';

/** Why a client is given this address, or none, for whoever asks; as things stand before it is held. */
export function addressRule(
  choice: AddressDecision,
  question: AddressQuestion,
  book: AddressBook,
): TriedRule {
  const reserved = reservedIn(question.host, book.subnet);
  if (choice.kind === 'none') {
    const why = reserved === undefined ? choice.reason : `${reserved} is reserved: ${choice.reason}`;
    return { step: 'address', rule: 'a free address', taken: false, why };
  }
  const { address } = choice;
  const instead = reserved !== undefined && reserved !== address ? `; ${reserved}, its own, is in use` : '';
  return {
    step: 'address',
    rule: sourceOf(address, question, book),
    taken: true,
    why: `${address}${instead}`,
  };
}

function sourceOf(address: Ipv4, { mac, host, requested, now }: AddressQuestion, book: AddressBook): string {
  const { subnet } = book.subnet;
  if (address === reservedIn(host, book.subnet)) return 'reserved for the host';
  if (address === book.holds.heldBy(mac, subnet, now)) return 'offered to this MAC before';
  if (address === book.leases.findByMac(mac, subnet)?.address) return 'leased to this MAC before';
  if (address === requested) return 'asked for by the client, and free';
  return book.leases.findByAddress(address) === undefined
    ? 'never leased, of the pool'
    : 'expired the longest, of the pool';
}
