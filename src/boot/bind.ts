import type { Ipv4 } from '../core/address.ts';
import {
  type AddressBook,
  type AddressDecision,
  type AddressQuestion,
  chooseAddress,
  mayKeep,
} from './address.ts';
import { type DhcpAnswer, ignored, type Turn } from './dhcp-turn.ts';
import type { Wish } from './request.ts';

type WishOf<K extends Wish['kind']> = Extract<Wish, { kind: K }>;

/** Choose the address for a DISCOVER and hold it for a minute. */
export function holdAddress(turn: Turn<WishOf<'discover'>>): AddressDecision {
  const choice = chooseAddress(questionOf(turn, turn.wish.requested), bookOf(turn));
  if (choice.kind === 'address') {
    const holder = turn.snapshot.inventory.byMac.has(turn.mac) ? 'host' : 'stranger';
    turn.world.holds.hold({ mac: turn.mac, address: choice.address, holder }, turn.now);
  }
  return choice;
}

/** Whether the client of a REQUEST may have the address it names. */
export function isGranted(turn: Turn<WishOf<'selecting' | 'init-reboot' | 'renewing'>>): boolean {
  const { wish } = turn;
  const book = bookOf(turn);
  const question = questionOf(turn, wish.requested);
  if (wish.kind === 'renewing' && mayKeep(question, wish.requested, book)) return true;
  const choice = chooseAddress(question, book);
  return choice.kind === 'address' && choice.address === wish.requested;
}

/** Lease an address. Undefined once the lease is on disk; else why the client gets no ACK. */
export async function bind(turn: Turn, address: Ipv4): Promise<DhcpAnswer | undefined> {
  const { world, subnet, mac, now } = turn;
  // Held before the disk is waited for, so that no other client is given the address meanwhile.
  world.holds.hold({ mac, address, holder: 'binding' }, now);
  const expiresAt = now + subnet.leaseTime * 1000;
  try {
    await world.leases.commit({ mac, address, expiresAt, state: 'bound' });
  } catch (cause) {
    return { kind: 'ignored', reason: 'lease-not-stored', cause };
  }
  world.holds.release(mac);
  return undefined;
}

/** RFC 2131 section 4.3.3: another machine uses the address, so nobody gets it for a while. Only its holder may say so. */
export async function decline(turn: Turn<WishOf<'decline'>>): Promise<DhcpAnswer> {
  const { world, mac, wish, now } = turn;
  if (isForOtherServer(turn)) return ignored('other-server');
  const isLessee = world.leases.findByMac(mac, turn.subnet.subnet)?.address === wish.requested;
  if (!isLessee && world.holds.heldBy(mac, now) !== wish.requested) return ignored('no-lease');
  world.holds.release(mac);
  const expiresAt = world.holds.quarantine(wish.requested, now);
  await world.leases.commit({ mac, address: wish.requested, expiresAt, state: 'declined' });
  return { kind: 'noted' };
}

/** RFC 2131 section 4.3.4: the lease ends now, and stays on record so that the client gets the same address again. */
export async function release(turn: Turn<WishOf<'release'>>): Promise<DhcpAnswer> {
  const { world, mac, wish, now } = turn;
  if (isForOtherServer(turn)) return ignored('other-server');
  const lease = world.leases.findByMac(mac, turn.subnet.subnet);
  if (lease?.address !== wish.requested || lease.state !== 'bound') return ignored('no-lease');
  await world.leases.commit({ ...lease, expiresAt: now });
  return { kind: 'noted' };
}

function isForOtherServer({ wish, subnet }: Turn<WishOf<'decline' | 'release'>>): boolean {
  return wish.server !== undefined && wish.server !== subnet.serverAddress;
}

function bookOf({ world, snapshot, subnet }: Turn): AddressBook {
  const { leases, holds } = world;
  return { inventory: snapshot.inventory, policy: snapshot.policy, subnet, leases, holds };
}

function questionOf({ mac, host, now }: Turn, requested: Ipv4 | undefined): AddressQuestion {
  return { mac, host, now, ...(requested === undefined ? {} : { requested }) };
}
