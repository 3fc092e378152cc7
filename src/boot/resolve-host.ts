import { type Mac, macWithDashes } from '../core/address.ts';
import { type Host, parseHostName } from '../core/host.ts';
import type { Inventory } from '../core/inventory.ts';
import type { BootPolicy } from '../core/policy.ts';

/**
 * The host that a MAC boots as: its record in the inventory, else, where the policy names an image for unknown
 * hosts, a host made up for this MAC (`unknown-52-54-00-12-34-56`). Undefined: the MAC is to be ignored.
 */
export function resolveHost(mac: Mac, inventory: Inventory, policy: BootPolicy): Host | undefined {
  const known = inventory.byMac.get(mac);
  if (known !== undefined || policy.unknownHosts.kind === 'ignore') return known;
  const name = parseHostName(`unknown-${macWithDashes(mac)}`);
  if (name === undefined) return undefined;
  const { image, channel } = policy.unknownHosts;
  return { name, macs: [mac], image, channel, cmdline: [], variables: {}, source: { kind: 'api' } };
}
