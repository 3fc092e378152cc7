import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { READY } from '../../src/cli/serve.ts';
import { type Published, publish } from '../daemon/published.ts';
import type { DaemonSite } from '../daemon/site.ts';
import { Namespaces, type Running } from './namespaces.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'src/main.ts');
const IMAGES = `
trixie:
  from: trixie
  nbp: {stages: [stage.sh], outputs: {files: {snponly.efi: /srv/snponly.efi}}}
  web: {stages: [stage.sh], kernel: linux-image-amd64}
`;

const SUBNETS = ['subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199, lease: 1m, probe: false'];

/** The client's card; it has the address 10.77.0.11 reserved. */
export const CARD = { mac: '52:54:00:77:00:05', reserved: '10.77.0.11' } as const;

/** `bivouac serve` in one namespace and a client in another, to be joined by a cable; the server has 10.77.0.1/24. */
export class ServedNetwork {
  readonly net: Namespaces;
  readonly server: string;
  readonly client: string;
  /** Files of the server and of clients. */
  readonly folder: string;
  /** What can be fetched, once the server runs. */
  published: Published | undefined;
  #running: Running | undefined;
  readonly #clients: Running[] = [];

  constructor(name: string) {
    this.net = new Namespaces(name);
    this.folder = mkdtempSync(join(tmpdir(), `bivouac-${name}-`));
    this.server = this.net.add('server');
    this.client = this.net.add('client');
  }

  /** A plain cable between both. */
  plug(): void {
    this.net.cable([this.server, 'net0'], [this.client, 'net0']);
    this.#address();
  }

  /** A cable that takes faults, one {@link CableFaults} as JSON at a time. */
  async plugBadCable(): Promise<Running> {
    const program = new URL('bad-cable.program.ts', import.meta.url).pathname;
    const cable = this.net.start(this.server, process.execPath, program, this.server, this.client);
    await cable.said('ready');
    for (const space of [this.server, this.client]) this.net.ip(space, 'link', 'set', 'net0', 'up');
    this.#address();
    return cable;
  }

  #address(): void {
    this.net.ip(this.server, 'addr', 'add', '10.77.0.1/24', 'dev', 'net0');
    this.net.ip(this.client, 'link', 'set', 'net0', 'address', CARD.mac);
  }

  /** Publish an NBP and an image, and start the server; unless told otherwise, strangers get an address of 10.77.0.100 to 199. */
  async serve(subnets = SUBNETS): Promise<Running> {
    for (const name of ['images', 'hosts', 'data']) mkdirSync(join(this.folder, name), { recursive: true });
    writeFileSync(join(this.folder, 'images/config.yml'), IMAGES);
    writeFileSync(join(this.folder, 'images/stage.sh'), 'true\n');
    writeFileSync(
      join(this.folder, 'hosts/web01.yml'),
      `mac: ${CARD.mac}\naddress: ${CARD.reserved}\nimage: web\n`,
    );
    const config = this.#config;
    writeFileSync(config, configText(subnets));
    this.published = await publish({ config, data: join(this.folder, 'data') } as DaemonSite);
    this.#running = this.net.start(this.server, process.execPath, MAIN, '--config', config, 'serve');
    await this.#running.said(READY);
    return this.#running;
  }

  get #config(): string {
    return join(this.folder, 'bivouac.yml');
  }

  /** All that the server has logged. */
  get log(): string {
    return this.#running?.output() ?? '';
  }

  /** Run one `bivouac` command beside the server; resolves to what it printed. */
  bivouac(...args: readonly string[]): Promise<string> {
    return this.net.run(this.server, process.execPath, MAIN, '--config', this.#config, ...args);
  }

  /** Run a program in the client's namespace; resolves to all it printed. */
  run(...argv: readonly string[]): Promise<string> {
    return this.net.run(this.client, ...argv);
  }

  /** Start a program in the client's namespace. */
  start(...argv: readonly string[]): Running {
    const started = this.net.start(this.client, ...argv);
    this.#clients.push(started);
    return started;
  }

  /** End all programs of the client. */
  async quiet(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((each) => each.stop()));
  }

  /** Take every address off the client's card, and give it another MAC if one is named. */
  forget(mac: string = CARD.mac): void {
    this.net.ip(this.client, 'addr', 'flush', 'dev', 'net0');
    this.net.ip(this.client, 'link', 'set', 'net0', 'address', mac);
  }

  async down(): Promise<void> {
    await this.net.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function configText(subnets: readonly string[]): string {
  return [
    'server: {address: 10.77.0.1, data: data}',
    'dhcp:',
    '  subnets:',
    ...subnets.map((each) => `    - {${each}}`),
    'unknown_hosts: {image: web}',
    `directories: {boot: ${join(ROOT, 'boot')}}`,
    '',
  ].join('\n');
}
