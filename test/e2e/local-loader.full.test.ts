import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { NamespaceNetworks } from '../../src/adapters/lab-network.ts';
import { QemuHosts } from '../../src/adapters/qemu.ts';
import { probeAccelerator } from '../../src/adapters/qemu-accelerator.ts';
import { openState, type State } from '../../src/adapters/state.ts';
import { startServer } from '../../src/cli/lab/server-process.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import type { Site } from '../../src/config/site.ts';
import type { Host } from '../../src/core/host.ts';
import { type Timeline, timelineOf } from '../../src/fleet/timeline.ts';
import { inNetwork, labNetwork } from '../../src/lab/network.ts';
import type { LabNetwork } from '../../src/ports/lab-network.ts';
import { describeWith } from '../requirements.ts';
import { type Machine, switchOn } from './disk-machine.ts';
import { LOADER_TOOLS, makeGrubDisk, makeSystemdBootDisk } from './loader-disks.ts';
import { consoleSays, makeDisk } from './local-disk.ts';
import { DATA, makeLabSite, ROOT } from './site.ts';

const SECONDS = 1200;
/** The labels of the two hosts' disks: FAT has room for 11 characters. */
const LABELS = { web01: 'bivouac-cache', web02: 'BIVOUAC' } as const;
type Name = keyof typeof LABELS;

// Both hosts boot from the network first, which fills their disks. Then boot loaders start them: web01 by GRUB, with the
// server there; web02 by systemd-boot, with a card that nobody answers.
describeWith(
  ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ip', ...LOADER_TOOLS],
  'what the local disk keeps, started by boot loaders',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-loader-'));
    const disk = (name: Name): string => join(folder, `${name}.img`);
    const consoles: Partial<Record<Name, string>> = {};
    let timeline: Timeline | undefined;
    let seconds = 0;

    beforeAll(async () => {
      const lab = await makeLabSite(folder, DATA, addArguments);
      const cli = [process.execPath, join(ROOT, 'src/main.ts'), '--config', lab.config] as const;
      for (const image of ['nbp', 'base']) await commandRunner.run([...cli, 'build', image]);
      await makeDisk(disk('web01'), LABELS.web01, 700);
      await makeSystemdBootDisk(disk('web02'), LABELS.web02);
      await makeGrubDisk(join(folder, 'grub.img'));
      const site = siteOrThrow(await loadSite(lab.config));
      const state = await openState(DATA, () => site);
      try {
        await play(site, state);
      } finally {
        await state.close();
      }
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    async function play(site: Site, state: State): Promise<void> {
      const [{ subnet, serverAddress }] = site.policy.subnets;
      const network = labNetwork({ name: 'loader', subnet, serverAddress, hosts: 2 });
      const networks = new NamespaceNetworks(commandRunner);
      await networks.create(network);
      try {
        const server = await startServer({ site, network, directory: folder });
        try {
          await fillDisks(site, network);
          await startFromDisks(site, { network, state });
        } finally {
          await server.stop();
        }
      } finally {
        await networks.destroy(network);
      }
    }

    async function fillDisks(site: Site, network: LabNetwork): Promise<void> {
      const accelerator = await probeAccelerator(commandRunner);
      const machines = new QemuHosts({ commands: commandRunner, accelerator, directory: folder });
      const fill = async (name: Name, tap: string): Promise<void> => {
        const { macs } = hostOf(site, name);
        const shape = { firmware: 'bios', memoryMiB: 768, cpus: 1 } as const;
        const machine = { ...shape, name: hostOf(site, name).name, mac: macs[0], tap, disks: [disk(name)] };
        const powered = await machines.powerOn(machine, network);
        try {
          await consoleSays(powered, /is kept for a boot without the server[^]*switching to it/, SECONDS);
        } finally {
          await powered.powerOff();
        }
      };
      const [first = '', second = ''] = network.taps;
      await Promise.all([fill('web01', first), fill('web02', second)]);
    }

    async function startFromDisks(
      site: Site,
      { network, state }: { readonly network: LabNetwork; readonly state: State },
    ): Promise<void> {
      const since = Date.now();
      const [tap = ''] = network.taps;
      const withServer = `tap,id=net0,ifname=${tap},script=no,downscript=no`;
      const loaded = await start(site, 'web01', {
        disks: [join(folder, 'grub.img'), disk('web01')],
        netdev: withServer,
        within: inNetwork(network),
      });
      const alone = await start(site, 'web02', { disks: [disk('web02')], netdev: 'hubport,id=net0,hubid=7' });
      try {
        await alone.line(/booting what the disk keeps of/, SECONDS);
        seconds = (Date.now() - since) / 1000;
        await alone.line(/web02 login:/, SECONDS);
        timeline = await healthy(hostOf(site, 'web01'), state, since);
      } finally {
        await Promise.all([loaded.off(), alone.off()]);
        for (const name of ['web01', 'web02'] as const)
          consoles[name] = readFileSync(join(folder, `start-${name}/console.log`), 'latin1');
      }
    }

    function start(site: Site, name: Name, { disks, netdev, within }: Wiring): Promise<Machine> {
      const drives = disks.flatMap((file, index) => [
        ...['-drive', `if=none,id=disk${index},format=raw,cache=unsafe,file=${file}`],
        ...['-device', `virtio-blk-pci,drive=disk${index},bootindex=${index + 1}`],
      ]);
      const nic = [
        '-netdev',
        netdev,
        '-device',
        `virtio-net-pci,netdev=net0,mac=${hostOf(site, name).macs[0]},romfile=`,
      ];
      const where = within === undefined ? {} : { within };
      const options = {
        folder: join(folder, `start-${name}`),
        firmware: 'uefi',
        arguments: [...drives, ...nic],
      } as const;
      return switchOn({ ...options, ...where });
    }

    test('GRUB reads what the host keeps for it, and starts its kernel', () => {
      expect(consoles.web01).toMatch(
        /Command line: BOOT_IMAGE=\/bivouac\/files\/[0-9a-f]{64} .*bivouac\.cache=bivouac-cache/,
      );
    });

    test('started by its disk, the host asks the server, and boots what that serves, from layers of the disk', () => {
      expect(timeline).toMatchObject({ outcome: 'healthy' });
      expect(consoles.web01).toMatch(
        /bivouac: web01 has 10\.77\.0\.11\/24 on eth0; server http:\/\/10\.77\.0\.1/,
      );
      expect(consoles.web01?.match(/layer \d+ of 6: [\d.]+ MiB, from the disk/g)).toHaveLength(6);
      expect(consoles.web01).not.toMatch(/FAILED|the server does not serve this boot/);
      expect(timeline?.entries.map(({ text }) => text).join('\n')).not.toMatch(
        /^healthy .*from the local disk/m,
      );
    });

    test('systemd-boot starts the kernel from the entry on the EFI partition', () => {
      expect(consoles.web02).toMatch(
        /Command line: (?=.*initrd=\\bivouac\\files\\[0-9a-f]{64})(?=.*bivouac\.cache=BIVOUAC)/,
      );
    });

    test('with nobody on its network the host tries for a bounded time, and boots what it keeps', () => {
      console.log(`from power on to the kept boot: ${Math.round(seconds)} s`);
      expect(consoles.web02).toMatch(
        /the server does not serve this boot \(network: No answer to DHCP on eth0\)/,
      );
      expect(consoles.web02).toContain('switching to it');
      expect(consoles.web02).toMatch(/web02 login:/);
      expect(consoles.web02).not.toContain('FAILED');
    });
  },
);

interface Wiring {
  readonly disks: readonly string[];
  readonly netdev: string;
  readonly within?: readonly [string, ...string[]];
}

function hostOf(site: Site, name: Name): Host {
  const host = site.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`Host ${name} is not defined`);
  return host;
}

async function healthy({ macs }: Host, { events }: State, since: number): Promise<Timeline> {
  const until = Date.now() + SECONDS * 1000;
  for (;;) {
    const record = await events.latest(macs[0]);
    const own = record?.events.filter(({ at }) => at >= since) ?? [];
    const found = record === undefined ? undefined : timelineOf({ ...record, events: own }, Date.now());
    if (found !== undefined && ['healthy', 'degraded', 'failed'].includes(found.outcome)) return found;
    if (Date.now() > until)
      throw new Error(`The host did not settle: ${JSON.stringify(found?.entries.at(-1))}`);
    await delay(1000);
  }
}

function addArguments(hosts: string): void {
  for (const [name, label] of Object.entries(LABELS)) {
    const file = join(hosts, `${name}.yml`);
    const text = readFileSync(file, 'utf8')
      .replace('image: web', 'image: base')
      .replace(/^delete:\n(?: .*\n?)+/m, '');
    writeFileSync(file, `${text.trimEnd()}\ncmdline: [bivouac.cache=${label}]\n`);
  }
}
