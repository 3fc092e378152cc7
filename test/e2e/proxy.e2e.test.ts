import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { QemuHosts } from '../../src/adapters/qemu.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import type { LabNetwork } from '../../src/ports/lab-network.ts';
import type { LabFirmware, PoweredHost } from '../../src/ports/virtual-host.ts';
import { hostName, ip } from '../builders.ts';
import { Namespaces, type Running } from '../interop/namespaces.ts';
import { describeWith } from '../requirements.ts';
import { DATA, makeLabSite, ROOT } from './site.ts';

const MAIN = join(ROOT, 'src/main.ts');
/** What another DHCP server lends, and all that it says. */
const OTHER_SERVER = [
  ...['dnsmasq', '--keep-in-foreground', '--port=0', '--no-ping', '--log-dhcp', '--log-facility=-'],
  ...['--dhcp-range=10.77.0.200,10.77.0.220,1h', '--leasefile-ro', '--conf-file=/dev/null', '--pid-file='],
];
const BOOTS = [
  ['web01', 'bios'],
  ['web02', 'uefi'],
] as const;

describeWith(
  ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ip', 'dnsmasq'],
  'beside another server',
  () => {
    const net = new Namespaces('proxy');
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-proxy-'));
    const powered: PoweredHost[] = [];
    let config = '';
    let lan = '';
    let elsewhere = '';
    let server: Running | undefined;
    const beganAt = Date.now();

    beforeAll(async () => {
      ({ config } = await makeLabSite(folder, DATA));
      const build = [process.execPath, MAIN, '--config', config, 'build', 'nbp'] as const;
      await commandRunner.run(build, { log: (line) => console.log(line) });
      [lan = '', elsewhere = ''] = ['lan', 'other'].map((name) => net.add(name));
      net.ip(lan, 'link', 'add', 'lab0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0');
      net.ip(lan, 'addr', 'add', '10.77.0.1/24', 'dev', 'lab0');
      net.ip(lan, 'link', 'set', 'lab0', 'up');
      net.cable([lan, 'other0'], [elsewhere, 'net0']);
      net.ip(lan, 'link', 'set', 'other0', 'master', 'lab0');
      net.ip(elsewhere, 'addr', 'add', '10.77.0.2/24', 'dev', 'net0');
      for (const [name] of BOOTS) {
        net.ip(lan, 'tuntap', 'add', 'dev', tapOf(name), 'mode', 'tap');
        net.ip(lan, 'link', 'set', tapOf(name), 'master', 'lab0', 'up');
      }
    });

    afterEach(async () => {
      await Promise.all(powered.splice(0).map((host) => host.powerOff()));
      await server?.stop();
    });

    afterAll(async () => {
      await net.down();
      rmSync(folder, { recursive: true, force: true });
    });

    async function serve(mode: 'proxy' | 'auto'): Promise<Running> {
      const text = readFileSync(config, 'utf8').replace(
        /subnets: \[\{[^}]*\}\]/,
        `subnets: [${subnetOf(mode)}]`,
      );
      writeFileSync(config, text);
      server = net.start(lan, process.execPath, MAIN, '--config', config, 'serve');
      await server.said('bivouac: ready');
      return server;
    }

    async function powerOn(name: string, firmware: LabFirmware): Promise<void> {
      const site = siteOrThrow(await loadSite(config, {}));
      const host = site.hosts.find((each) => each.name === name);
      if (host === undefined) throw new Error(`Cannot switch on ${name}: there is no such host`);
      const directory = join(folder, 'qemu');
      mkdirSync(directory, { recursive: true });
      const network: LabNetwork = {
        namespace: lan,
        bridge: 'lab0',
        serverAddress: ip('10.77.0.1'),
        prefix: 24,
        taps: [],
      };
      const accelerator = { kind: 'tcg', reason: 'what every machine has' } as const;
      const hosts = new QemuHosts({ commands: commandRunner, accelerator, directory });
      const [mac] = host.macs;
      const virtual = { name: hostName(name), mac, firmware, memoryMiB: 512, cpus: 1, tap: tapOf(name) };
      powered.push(await hosts.powerOn(virtual, network));
    }

    /** The newest boot as `host show` has it; nothing while the data directory knows only boots of before. */
    async function timeline(name: string): Promise<string> {
      const bivouac = ['ip', 'netns', 'exec', lan, process.execPath, MAIN, '--config', config] as const;
      const show = [...bivouac, 'host', 'show', name, '--boot', 'last'] as const;
      const { stdout } = await commandRunner.run([...show, '--json']).catch(() => ({ stdout: '{}' }));
      if (!startedSince(JSON.parse(stdout), beganAt)) return '';
      return (await commandRunner.run(show)).stdout;
    }

    test('mode proxy: BIOS and UEFI take an address of the other server and boot by ours', async () => {
      const other = net.start(elsewhere, ...OTHER_SERVER);
      await serve('proxy');
      for (const [name, firmware] of BOOTS) await powerOn(name, firmware);
      for (const [name] of BOOTS) {
        await expect.poll(() => timeline(name), { timeout: 240_000, interval: 3000 }).toMatch(/script/);
        expect(await timeline(name)).not.toMatch(/ACK/);
      }
      await other.stop();
      expect(other.output()).toMatch(/DHCPACK\(net0\) 10\.77\.0\.2\d\d 52:54:00:77:00:01/);
    });

    test('mode auto: where no other server answers, they get an address of ours', async () => {
      await serve('auto');
      for (const [name, firmware] of BOOTS) await powerOn(name, firmware);
      for (const [name, , address] of [
        ['web01', 'bios', '10.77.0.11'],
        ['web02', 'uefi', '10.77.0.12'],
      ] as const) {
        await expect
          .poll(() => timeline(name), { timeout: 240_000, interval: 3000 })
          .toContain(`ACK (iPXE) ${address}`);
      }
    });
  },
);

function startedSince(boot: unknown, time: number): boolean {
  if (typeof boot !== 'object' || boot === null || !('startedAt' in boot)) return false;
  return typeof boot.startedAt === 'number' && boot.startedAt >= time;
}

function subnetOf(mode: 'proxy' | 'auto'): string {
  return `{subnet: 10.77.0.0/24, mode: ${mode}}`;
}

function tapOf(name: string): string {
  return `tap-${name}`;
}
