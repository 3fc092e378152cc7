import type { Host } from '../../core/host.ts';

/** The inventory that Ansible gets besides that of the repository, as its YAML plugin reads it. */
export interface SiteInventory {
  readonly all: {
    readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly children: Readonly<Record<string, { readonly hosts: Readonly<Record<string, object>> }>>;
  };
}

/** All hosts of the site with what is known of them, in the group `bivouac` and one for each image; `targets` have a room. */
export function siteInventory(hosts: readonly Host[], targets: readonly string[]): SiteInventory {
  const entries = new Map<string, Record<string, unknown>>(
    hosts.map((host) => [host.name, variablesOf(host)]),
  );
  for (const target of targets) {
    entries.set(target, { ...entries.get(target), bivouac_room: target });
  }
  const children = new Map<string, Record<string, object>>([['bivouac', {}]]);
  for (const host of hosts) {
    for (const group of ['bivouac', imageGroup(host.image)]) {
      children.set(group, { ...children.get(group), [host.name]: {} });
    }
  }
  const groups = [...children].map(([name, members]) => [name, { hosts: members }] as const);
  return { all: { hosts: Object.fromEntries(entries), children: Object.fromEntries(groups) } };
}

/** The group of an image's hosts; names of groups are those of Python variables. */
export function imageGroup(image: string): string {
  return `bivouac_image_${image.replace(/[^A-Za-z0-9_]/g, '_')}`;
}

/** What a host's plays see of it, for the digest of what they depend on. */
export function variablesOf(host: Host): Record<string, unknown> {
  return {
    ...host.variables,
    bivouac_image: host.image,
    bivouac_channel: host.channel,
    bivouac_mac: host.macs[0],
    bivouac_macs: host.macs,
    ...(host.address === undefined ? {} : { bivouac_address: host.address }),
  };
}
