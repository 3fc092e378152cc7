import type { Mac } from '../core/address.ts';
import { type Host, type Lodger, unknownHostName } from '../core/host.ts';
import type { Inventory } from '../core/inventory.ts';
import type { BootPolicy } from '../core/policy.ts';
import type { TriedRule } from './trace.ts';

/**
 * The host that a MAC boots as: its record in the inventory, else, where the policy names an image for unknown
 * hosts, a host made up for this MAC (`unknown-52-54-00-12-34-56`). Undefined: the MAC is to be ignored.
 */
export function resolveHost(mac: Mac, inventory: Inventory, policy: BootPolicy): Host | undefined {
  const known = inventory.byMac.get(mac);
  if (known !== undefined || policy.unknownHosts.kind !== 'image') return known;
  const name = unknownHostName(mac);
  const { image, channel } = policy.unknownHosts;
  return { name, macs: [mac], image, channel, cmdline: [], variables: {}, source: { kind: 'policy' } };
}

/** Whom DHCP serves at a MAC: the host, or where the policy gives strangers an address, a guest. */
export function resolveLodger(mac: Mac, inventory: Inventory, policy: BootPolicy): Lodger | undefined {
  const host = resolveHost(mac, inventory, policy);
  if (host !== undefined || policy.unknownHosts.kind !== 'address') return host;
  return { name: unknownHostName(mac), source: { kind: 'policy' }, isGuest: true };
}

/** How a MAC was resolved, for whoever asks why. */
export function hostRule(mac: Mac, host: Lodger | undefined): TriedRule {
  const step = 'host';
  if (host === undefined) return { step, rule: `host with MAC ${mac}`, taken: false, why: 'there is none' };
  if (host.source.kind === 'policy') {
    const what =
      host.isGuest === true ? 'gets an address and nothing to boot' : 'boots the image for strangers';
    const why = `no host has MAC ${mac}: it ${what}, as "${host.name}"`;
    return { step, rule: 'unknown_hosts', taken: true, why };
  }
  const where = host.source.kind === 'file' ? host.source.path : 'the API';
  return { step, rule: `host with MAC ${mac}`, taken: true, why: `"${host.name}" of ${where}` };
}
