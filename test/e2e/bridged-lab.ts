import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';
import { QemuHosts } from '../../src/adapters/qemu.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import type { LabNetwork } from '../../src/ports/lab-network.ts';
import type { LabFirmware, PoweredHost } from '../../src/ports/virtual-host.ts';
import { hostName, ip } from '../builders.ts';
import { Namespaces, type Running } from '../interop/namespaces.ts';
import { ROOT } from './site.ts';

const MAIN = join(ROOT, 'src/main.ts');
/** What another DHCP server lends, and all that it says. */
const OTHER_SERVER = [
  ...['dnsmasq', '--keep-in-foreground', '--port=0', '--no-ping', '--log-dhcp', '--log-facility=-'],
  ...['--dhcp-range=10.77.0.200,10.77.0.220,1h', '--leasefile-ro', '--conf-file=/dev/null', '--pid-file='],
];

/** A bridge with our server, virtual hosts, and if wanted another DHCP server on a machine of its own. */
export class BridgedLab {
  readonly net: Namespaces;
  readonly #folder: string;
  readonly #config: string;
  readonly #lan: string;
  readonly #elsewhere: string;
  readonly #powered: PoweredHost[] = [];
  #beganAt = 0;
  #server: Running | undefined;

  constructor(name: string, { folder, config }: { readonly folder: string; readonly config: string }) {
    this.net = new Namespaces(name);
    this.#folder = folder;
    this.#config = config;
    this.#lan = this.net.add('lan');
    this.#elsewhere = this.net.add('other');
  }

  /** Lay the cables; hosts of these names can be switched on. */
  wire(hosts: readonly string[]): void {
    const [lan, elsewhere] = [this.#lan, this.#elsewhere];
    this.net.ip(lan, 'link', 'add', 'lab0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0');
    this.net.ip(lan, 'addr', 'add', '10.77.0.1/24', 'dev', 'lab0');
    this.net.ip(lan, 'link', 'set', 'lab0', 'up');
    this.net.cable([lan, 'other0'], [elsewhere, 'net0']);
    this.net.ip(lan, 'link', 'set', 'other0', 'master', 'lab0');
    this.net.ip(elsewhere, 'addr', 'add', '10.77.0.2/24', 'dev', 'net0');
    for (const name of hosts) {
      this.net.ip(lan, 'tuntap', 'add', 'dev', tapOf(name), 'mode', 'tap');
      this.net.ip(lan, 'link', 'set', tapOf(name), 'master', 'lab0', 'up');
    }
  }

  /** Start the other DHCP server; more arguments of dnsmasq say what else it tells. */
  startOther(...more: readonly string[]): Running {
    return this.net.start(this.#elsewhere, ...OTHER_SERVER, ...more);
  }

  /** Start ours, with this as its one subnet. Boots from before are no longer shown. */
  async serve(subnet: string): Promise<Running> {
    this.#beganAt = Date.now();
    const text = readFileSync(this.#config, 'utf8').replace(/subnets: \[\{[^}]*\}\]/, `subnets: [${subnet}]`);
    writeFileSync(this.#config, text);
    this.#server = this.net.start(this.#lan, process.execPath, MAIN, '--config', this.#config, 'serve');
    await this.#server.said('bivouac: ready');
    return this.#server;
  }

  /** Run one `bivouac` command on the server's machine; resolves to what it printed. */
  async bivouac(...args: readonly string[]): Promise<string> {
    const program = [process.execPath, MAIN, '--config', this.#config] as const;
    const inside = ['ip', 'netns', 'exec', this.#lan, ...program, ...args] as const;
    return (await commandRunner.run(inside)).stdout;
  }

  /** Record what passes the bridge into a file, until it is stopped. */
  async capture(file: string, ...filter: readonly string[]): Promise<Running> {
    const tcpdump = ['tcpdump', '-n', '-U', '-i', 'lab0', '-Z', 'root', '-w', file, ...filter];
    const running = this.net.start(this.#lan, ...tcpdump);
    await running.said('listening on');
    return running;
  }

  async powerOn(name: string, firmware: LabFirmware, memoryMiB = 512): Promise<PoweredHost> {
    const site = siteOrThrow(await loadSite(this.#config, {}));
    const host = site.hosts.find((each) => each.name === name);
    if (host === undefined) throw new Error(`Cannot switch on ${name}: there is no such host`);
    const directory = join(this.#folder, 'qemu');
    mkdirSync(directory, { recursive: true });
    const network: LabNetwork = {
      namespace: this.#lan,
      bridge: 'lab0',
      serverAddress: ip('10.77.0.1'),
      prefix: 24,
      taps: [],
    };
    const accelerator = { kind: 'tcg', reason: 'what every machine has' } as const;
    const hosts = new QemuHosts({ commands: commandRunner, accelerator, directory });
    const [mac] = host.macs;
    const virtual = { name: hostName(name), mac, firmware, memoryMiB, cpus: 1, tap: tapOf(name) };
    const powered = await hosts.powerOn(virtual, network);
    this.#powered.push(powered);
    return powered;
  }

  /** The newest boot as `host show` has it; nothing while there are only boots from before the server's start. */
  async timeline(name: string): Promise<string> {
    const show = ['host', 'show', name, '--boot', 'last'];
    const json = await this.bivouac(...show, '--json').catch(() => '{}');
    return startedSince(JSON.parse(json), this.#beganAt) ? this.bivouac(...show) : '';
  }

  /** Switch hosts and server off. */
  async quiet(): Promise<void> {
    await Promise.all(this.#powered.splice(0).map((host) => host.powerOff()));
    await this.#server?.stop();
  }

  async down(): Promise<void> {
    await this.quiet();
    await this.net.down();
  }
}

function startedSince(boot: unknown, time: number): boolean {
  if (typeof boot !== 'object' || boot === null || !('startedAt' in boot)) return false;
  return typeof boot.startedAt === 'number' && boot.startedAt >= time;
}

function tapOf(name: string): string {
  return `tap-${name}`;
}
