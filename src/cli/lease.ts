import { Command } from 'commander';
import {
  formatSubnet,
  type Ipv4,
  type Mac,
  parseIpv4,
  parseMac,
  parseSubnet,
  type Subnet,
  subnetContains,
} from '../core/address.ts';
import { AppError } from '../core/errors.ts';
import { parseHostName } from '../core/host.ts';
import type { Inventory } from '../core/inventory.ts';
import { isOver, type Lease } from '../core/lease.ts';
import { formatSeconds, formatTable } from './format.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { type OpenSite, withState } from './site.ts';

/** `bivouac lease list`, `bivouac lease release`. */
export function leaseCommand(): Command {
  const lease = new Command('lease').description('addresses given out');
  lease.addCommand(listCommand());
  lease.addCommand(releaseCommand());
  return lease;
}

function listCommand(): Command {
  return new Command('list')
    .description('leases in force, and addresses in quarantine')
    .option('--subnet <subnet>', 'of this subnet only, as in 10.77.0.0/24')
    .option('--expired', 'those that are over as well')
    .action((options: { subnet?: string; expired?: true }, command: Command) =>
      withState(globalOptions(command), async ({ leases, snapshots, site, clock }, { json }) => {
        const now = clock.now();
        const subnet = options.subnet === undefined ? undefined : readSubnet(options.subnet, site);
        const shown = leases
          .list()
          .filter((one) => options.expired === true || !isOver(one, now))
          .filter(({ address }) => subnet === undefined || subnetContains(subnet, address))
          .sort((a, b) => a.expiresAt - b.expiresAt);
        const { inventory } = await snapshots.current();
        if (json) printJson(shown.map((one) => ({ ...one, ...hostOf(one, inventory) })));
        else print(leaseTable(shown, inventory, now));
      }),
    );
}

function releaseCommand(): Command {
  return new Command('release')
    .description('end a lease or a quarantine; a server that runs knows of it within a second')
    .argument('<which>', 'an address, a MAC, or the name of a host')
    .action((which: string, _options, command: Command) =>
      withState(globalOptions(command), async ({ leases, snapshots }, { json }) => {
        const { inventory } = await snapshots.current();
        const found = leases.list().filter(matcher(which, inventory));
        if (found.length === 0) {
          throw new AppError('not-found', `Cannot release "${which}": there is no such lease`, {
            remedy: '"bivouac lease list --expired" lists all leases',
          });
        }
        for (const { address } of found) await leases.orderRelease(address);
        if (json) printJson(found);
        else print(found.map(({ address, mac }) => `released ${address} of ${mac}`).join('\n'));
      }),
    );
}

/** The leases that an address, a MAC in any spelling, or a host's name means. */
function matcher(which: string, { byName }: Inventory): (lease: Lease) => boolean {
  const address: Ipv4 | undefined = parseIpv4(which);
  if (address !== undefined) return (lease) => lease.address === address;
  const mac = parseMac(which);
  const name = parseHostName(which);
  const host = name === undefined ? undefined : byName.get(name);
  const macs: readonly Mac[] = host?.macs ?? (mac === undefined ? [] : [mac]);
  return (lease) => macs.includes(lease.mac);
}

function readSubnet(text: string, { policy }: OpenSite['site']): Subnet {
  const subnet = parseSubnet(text);
  if (subnet !== undefined) return subnet;
  const served = policy.subnets.map((each) => formatSubnet(each.subnet)).join(', ');
  throw new AppError('usage', `Cannot list leases of "${text}": it is no subnet`, {
    remedy: `Served subnets: ${served}`,
  });
}

function leaseTable(leases: readonly Lease[], inventory: Inventory, now: number): string {
  const rows = leases.map((lease) => [
    hostOf(lease, inventory).host ?? '-',
    lease.mac,
    lease.address,
    isOver(lease, now) ? 'expired' : lease.state,
    isOver(lease, now) ? '' : formatSeconds((lease.expiresAt - now) / 1000),
  ]);
  return formatTable(['HOST', 'MAC', 'ADDRESS', 'STATE', 'EXPIRES IN'], rows);
}

function hostOf({ mac }: Lease, { byMac }: Inventory): { readonly host?: string } {
  const host = byMac.get(mac);
  return host === undefined ? {} : { host: host.name };
}
