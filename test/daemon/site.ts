import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Ipv4 } from '../../src/core/address.ts';
import { ip } from '../builders.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A small site of its own on a loopback network of its own, so that tests need no interface and disturb nobody. */
export interface DaemonSite {
  readonly folder: string;
  /** Path of `bivouac.yml`. */
  readonly config: string;
  readonly data: string;
  readonly images: string;
  readonly hosts: string;
  /** The server's own address. */
  readonly address: Ipv4;
  /** Address of the relay agent that test clients are behind: replies to it are unicast. */
  readonly relay: Ipv4;
  readonly ports: { readonly http: number; readonly tftp: number; readonly dhcp: number };
  /** An address of the subnet, outside the pool unless the third octet is 1 to 4. */
  readonly at: (third: number, fourth: number) => Ipv4;
  /** What the admin token file holds. */
  readonly adminToken: () => string;
  readonly remove: () => void;
}

/** `bivouac.yml` beside what every site here has. */
export interface SiteOptions {
  /** Value of `unknown_hosts`; `ignore` unless given. */
  readonly unknownHosts?: string;
  /** `images/config.yml`; a tree that names `nbp` and `web` and that nobody builds, unless given. */
  readonly images?: string;
}

const IMAGES = `
trixie:
  from: trixie
  nbp: {stages: [stage.sh], outputs: {files: {snponly.efi: /srv/snponly.efi}}}
  web: {stages: [stage.sh], kernel: linux-image-amd64}
`;

let made = 0;

/** Make the site's files. Network and ports follow from the process id, so that two runs at one time keep apart. */
export function makeSite({ unknownHosts = 'ignore', images = IMAGES }: SiteOptions = {}): DaemonSite {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-daemon-'));
  const second = 16 + ((process.pid + made) % 200);
  const ports = { http: 8080, tftp: 6969, dhcp: 20_000 + ((process.pid * 7 + made) % 10_000) };
  made += 1;
  const at = (third: number, fourth: number): Ipv4 => ip(`127.${second}.${third}.${fourth}`);
  const site: DaemonSite = {
    folder,
    config: join(folder, 'bivouac.yml'),
    data: join(folder, 'data'),
    images: join(folder, 'images'),
    hosts: join(folder, 'hosts'),
    address: at(0, 1),
    relay: at(0, 2),
    ports,
    at,
    adminToken: () => readFileSync(join(folder, 'data/admin-token'), 'utf8').trim(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  for (const directory of [site.images, site.hosts]) mkdirSync(directory);
  writeFileSync(join(site.images, 'config.yml'), images);
  writeFileSync(join(site.images, 'stage.sh'), 'true\n');
  writeFileSync(site.config, configText(site, unknownHosts));
  return site;
}

/** Write `hosts/<name>.yml`. */
export function writeHost(site: DaemonSite, name: string, text: string): void {
  writeFileSync(join(site.hosts, `${name}.yml`), text);
}

function configText({ address, ports, at }: DaemonSite, unknownHosts: string): string {
  return [
    'server:',
    `  address: ${address}`,
    '  data: data',
    `  http: {port: ${ports.http}}`,
    `  tftp: {port: ${ports.tftp}}`,
    `  dhcp: {port: ${ports.dhcp}}`,
    'dhcp:',
    '  subnets:',
    `    - {subnet: ${at(0, 0)}/16, pool: ${at(1, 0)}-${at(4, 255)}}`,
    `unknown_hosts: ${unknownHosts}`,
    `directories: {boot: ${join(ROOT, 'boot')}}`,
    '',
  ].join('\n');
}
