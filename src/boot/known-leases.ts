import type { Ipv4, Mac } from '../core/address.ts';
import type { Lease } from '../core/lease.ts';
import { type BootPolicy, subnetOf } from '../core/policy.ts';
import type { ServedSubnet, SubnetMode } from '../core/subnet.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseStore } from '../ports/lease-store.ts';
import type { Neighbours } from '../ports/neighbours.ts';
import type { OtherServers } from './other-servers.ts';

/** Where leases are looked up by address. */
export type LeaseView = Pick<LeaseStore, 'findByAddress'>;

/** What {@link KnownLeases} is made of. */
export interface KnownLeasesOptions {
  readonly leases: LeaseView;
  readonly others: OtherServers;
  readonly neighbours: Neighbours;
  readonly policy: () => BootPolicy;
  readonly clock: Clock;
}

/** Long enough for one answer. */
const MOMENT_MS = 60_000;
const MOST_TOLD = 4096;

/**
 * Leases as TFTP and HTTP see them: ours and, on subnets where addresses come from elsewhere, those of other servers, told
 * by the kernel's neighbour table or by what clients broadcast. Either can be forged by a machine on the link, as can the
 * MAC address that a lease is given to.
 */
export class KnownLeases implements LeaseView {
  readonly #options: KnownLeasesOptions;
  /** Leases of other servers as they were told last: what was made for one may be given again under the same one. */
  readonly #told = new Map<Ipv4, Lease>();

  constructor(options: KnownLeasesOptions) {
    this.#options = options;
  }

  findByAddress(address: Ipv4): Lease | undefined {
    const { leases, others, policy, clock } = this.#options;
    const now = clock.now();
    const lease = leases.findByAddress(address);
    if (lease !== undefined && lease.expiresAt > now) return lease;
    const served = subnetOf(policy(), address);
    const mac = this.#otherLessee(address, served, now);
    if (served === undefined || mac === undefined) return lease;
    others.came({ mac, subnet: served.subnet });
    return this.#tell(mac, address, now);
  }

  #tell(mac: Mac, address: Ipv4, now: number): Lease {
    const told = this.#told.get(address);
    const left = told === undefined ? 0 : told.expiresAt - now;
    if (told?.mac === mac && left > MOMENT_MS / 2 && left <= MOMENT_MS) return told;
    const lease = { mac, address, expiresAt: now + MOMENT_MS, state: 'bound' } as const;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.set(address, lease);
    return lease;
  }

  #otherLessee(address: Ipv4, served: ServedSubnet | undefined, now: number): Mac | undefined {
    if (served === undefined || !hasOtherServer(served.mode)) return undefined;
    return this.#options.neighbours.macOf(address) ?? this.#options.others.macOf(address, now);
  }
}

function hasOtherServer(mode: SubnetMode): boolean {
  return mode === 'proxy' || mode === 'auto' || mode === 'off';
}
