import type { Mac } from '../core/address.ts';
import type { BootFact, BootSubject } from '../core/event.ts';
import type { HostName } from '../core/host.ts';
import type { Inventory } from '../core/inventory.ts';
import { OPTION } from '../wire/dhcp/options.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import { isMachineId, readMachineId } from '../wire/dhcp/pxe-options.ts';
import type { Facts } from './facts.ts';

/** A host's UUID that came with a MAC that is not the host's. */
export interface IdentityConflict {
  /** The host that is known by the UUID. */
  readonly subject: BootSubject;
  readonly why: string;
}

/** Where conflicts are told. */
export interface Conflicts {
  readonly facts: Facts;
  /** Undefined: nobody looks for machines that share a UUID. */
  readonly identities?: IdentityWatch;
  /** Told of two machines that claim what belongs to one. */
  readonly onConflict?: (why: string) => void;
}

interface Owner {
  readonly host: HostName;
  readonly mac: Mac;
  /** MACs of others that were told of. */
  readonly others: Set<Mac>;
}

const MOST_OWNERS = 20_000;
/** A maker that gives each of its boards the same UUID makes more than so many. */
const MOST_OTHERS = 3;

/**
 * Watches the UUIDs of option 97: a host's UUID with a MAC that is not the host's is a swapped or second card, or a
 * board whose UUID is not its own. Each such MAC is told of once. INVARIANT: only MACs that hosts own are remembered,
 * and bounded, so that made-up MACs push none out.
 */
export class IdentityWatch {
  readonly #owners = new Map<string, Owner>();

  /** What is wrong with the identity that a message shows; undefined when nothing is, or it was told of before. */
  look(packet: DhcpPacket, inventory: Inventory): IdentityConflict | undefined {
    const id = packet.options.get(OPTION.clientMachineId);
    if (id === undefined) return undefined;
    const mac = packet.chaddr;
    const host = inventory.byMac.get(mac)?.name;
    const key = Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1');
    const owner = this.#owners.get(key);
    if (owner === undefined) {
      if (host !== undefined && isMachineId(id)) this.#remember(key, { host, mac, others: new Set() });
      return undefined;
    }
    const { others } = owner;
    if (owner.host === host || others.has(mac) || others.size >= MOST_OTHERS) return undefined;
    others.add(mac);
    const whose = host === undefined ? `${mac}, which no host owns` : `${mac} of host "${host}"`;
    const why = `the machine with UUID ${readMachineId(id) ?? ''} has booted as ${owner.mac} and now as ${whose}`;
    return { subject: { mac: owner.mac, host: owner.host }, why };
  }

  #remember(key: string, owner: Owner): void {
    if (this.#owners.size >= MOST_OWNERS) this.#owners.clear();
    this.#owners.set(key, owner);
  }
}

/** Look at a message, and put a conflict on the record of the host whose UUID it is. */
export function watchIdentity(packet: DhcpPacket, inventory: Inventory, world: Conflicts): void {
  const conflict = world.identities?.look(packet, inventory);
  if (conflict !== undefined) tellConflict(world, conflict.subject, conflict.why);
}

/** Put a conflict on record, and tell whoever runs the server. */
export function tellConflict(world: Conflicts, subject: BootSubject, why: string): void {
  const fact: BootFact = { kind: 'conflict', why };
  world.facts.note(subject, fact);
  world.onConflict?.(why);
}
