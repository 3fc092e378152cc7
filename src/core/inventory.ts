import type { Ipv4, Mac } from './address.ts';
import type { Host, HostName } from './host.ts';

/** All hosts, of files and of the API, found by name, MAC or reserved address. Immutable. */
export interface Inventory {
  readonly hosts: readonly Host[];
  readonly byName: ReadonlyMap<HostName, Host>;
  readonly byMac: ReadonlyMap<Mac, Host>;
  readonly byAddress: ReadonlyMap<Ipv4, Host>;
}

/** Index hosts. Where two claim one key the first wins; callers check for conflicts beforehand. */
export function inventoryOf(hosts: readonly Host[]): Inventory {
  const byName = new Map<HostName, Host>();
  const byMac = new Map<Mac, Host>();
  const byAddress = new Map<Ipv4, Host>();
  for (const host of hosts) {
    keepFirst(byName, host.name, host);
    for (const mac of host.macs) keepFirst(byMac, mac, host);
    if (host.address !== undefined) keepFirst(byAddress, host.address, host);
  }
  return { hosts, byName, byMac, byAddress };
}

/** Why a host cannot join the others: a key that another host owns. */
export interface HostConflict {
  readonly key: 'name' | 'mac' | 'address';
  readonly value: string;
  readonly owner: Host;
}

/** The keys of `host` that hosts of another name own already (a host of the same name is replaced). */
export function conflictsOf(host: Host, inventory: Inventory): readonly HostConflict[] {
  const conflicts: HostConflict[] = [];
  for (const mac of host.macs) {
    const owner = inventory.byMac.get(mac);
    if (owner !== undefined && owner.name !== host.name) conflicts.push({ key: 'mac', value: mac, owner });
  }
  const owner = host.address === undefined ? undefined : inventory.byAddress.get(host.address);
  if (host.address !== undefined && owner !== undefined && owner.name !== host.name) {
    conflicts.push({ key: 'address', value: host.address, owner });
  }
  return conflicts;
}

function keepFirst<K>(map: Map<K, Host>, key: K, host: Host): void {
  if (!map.has(key)) map.set(key, host);
}
