import { STORM_POOL, STORM_SERVER, STORM_SUBNET, type StormHost } from './plan.ts';

/** Text files of the storm's own site, by path below its folder. */
export type SiteFiles = ReadonlyMap<string, string>;

/** Files that the NBP image offers, by firmware. */
export const STORM_NBP = { bios: 'undionly.kpxe', uefi: 'snponly.efi' } as const;

const IMAGES = `storm:
  from: trixie
  nbp: {stages: [stage.sh], outputs: {files: {snponly.efi: /srv/snponly.efi, undionly.kpxe: /srv/undionly.kpxe}}}
  web: {stages: [stage.sh], kernel: linux-image-amd64}
`;

/** The site: its server, its images (which nobody builds) and a file for each host. `boot` is the templates' folder. */
export function siteFiles(hosts: readonly StormHost[], boot: string): SiteFiles {
  const server = [
    'server:',
    `  address: ${STORM_SERVER}`,
    '  data: data',
    'dhcp:',
    `  subnets: [{subnet: ${STORM_SUBNET}, pool: ${STORM_POOL}, router: ${STORM_SERVER}}]`,
    `directories: {boot: ${JSON.stringify(boot)}}`,
    '',
  ].join('\n');
  return new Map([
    ['bivouac.yml', server],
    ['images/config.yml', IMAGES],
    ['images/stage.sh', 'true\n'],
    ...hosts.map((host) => [`hosts/${host.name}.yml`, hostFile(host)] as const),
  ]);
}

function hostFile({ mac, address }: StormHost): string {
  return `mac: "${mac}"\nimage: web\n${address === undefined ? '' : `address: ${address}\n`}`;
}
