import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { openState } from '../../src/adapters/state.ts';
import { bootInLab } from '../../src/cli/lab/boot.ts';
import type { Lab, LabHost } from '../../src/cli/lab/session.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import type { Publication } from '../../src/core/catalogue.ts';
import type { NetbootRelease } from '../../src/core/release.ts';
import type { Timeline } from '../../src/fleet/timeline.ts';
import { describeWith } from '../requirements.ts';
import { type Guest, guestOf } from './guest.ts';
import { DATA, type LabSite, makeLabSite, ROOT } from './site.ts';

const FIRMWARE = [
  ['web01', 'bios'],
  ['web02', 'uefi'],
] as const;

interface Booted {
  readonly lab: Lab;
  readonly timelines: Readonly<Record<string, Timeline>>;
  readonly guests: Readonly<Record<string, Guest>>;
  readonly web: Publication;
}

describeWith(['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ssh', 'ip'], 'first boot', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-e2e-'));
  let site: LabSite;
  let booted: Booted;
  const finish = Promise.withResolvers<undefined>();
  let running: Promise<void> = Promise.resolve();

  beforeAll(async () => {
    site = await makeLabSite(folder, DATA);
    for (const image of ['nbp', 'web']) await bivouac(['build', image]);
    const ready = Promise.withResolvers<Booted>();
    running = bootBoth(site, async (found) => {
      ready.resolve(found);
      await finish.promise;
    });
    running.catch(ready.reject);
    booted = await ready.promise;
  });

  afterAll(async () => {
    finish.resolve(undefined);
    await running.finally(() => rmSync(folder, { recursive: true, force: true }));
  });

  function bivouac(args: readonly string[]) {
    const argv = [process.execPath, join(ROOT, 'src/main.ts'), '--config', site.config, ...args] as const;
    return commandRunner.run(argv, { log: (line) => console.log(line) });
  }

  const guest = (name: string): Guest => {
    const found = booted.guests[name];
    if (found === undefined) throw new Error(`Cannot ask ${name}: it was not booted`);
    return found;
  };

  test.each(FIRMWARE)('%s reaches healthy on %s firmware with the published release', (name) => {
    expect(booted.timelines[name]).toMatchObject({ outcome: 'healthy', release: booted.web.digest });
  });

  test('the timeline of the UEFI host has every part of the boot, in order', () => {
    const texts = booted.timelines['web02']?.entries.map((entry) => `${entry.source} ${entry.text}`) ?? [];
    const expected = [
      /^dhcp DISCOVER \(firmware\)/,
      /^dhcp ACK \(firmware\) 10\.77\.0\.12 boot snponly\.efi/,
      /^tftp snponly\.efi/,
      /^dhcp ACK \(iPXE\) 10\.77\.0\.12 boot http:\/\/10\.77\.0\.1\/boot\/script\/52-54-00-77-00-02/,
      /^http boot script of image web/,
      /^http kernel of web/,
      /^http initramfs of web/,
      /^host initramfs-started/,
      /^host manifest-fetched/,
      /^host layer-fetched/,
      /^host conffs-fetched/,
      /^host root-mounted/,
      /^host switch-root/,
      /^host healthy/,
    ];
    const places = expected.map((pattern) => texts.findIndex((text) => pattern.test(text)));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('the command shows that timeline, as text and as JSON', async () => {
    const text = (await bivouac(['host', 'show', 'web02', '--boot', 'last'])).stdout;
    expect(text).toMatch(/healthy after \d/);
    expect(text).toMatch(/tftp {4}snponly\.efi +\d+\.\d KB +in/);
    const json: unknown = JSON.parse(
      (await bivouac(['--json', 'host', 'show', 'web02', '--boot', 'last'])).stdout,
    );
    expect(json).toMatchObject({ host: 'web02', outcome: 'healthy' });
  });

  test('kernel, initramfs and root belong together, and the initramfs is at most 20 MB', async () => {
    const release = netboot(booted.web);
    expect(release.initramfs.size).toBeLessThanOrEqual(20_000_000);
    expect(await guest('web01').shell('uname -r; ls /lib/modules')).toBe(
      `${release.kernelVersion}\n${release.kernelVersion}`,
    );
  });

  test.each(FIRMWARE)('%s has its own name, machine-id, page and SSH host keys', async (name) => {
    // The connection itself proves the host key: it must be the one among the server's secrets.
    const [hostname, machineId, page] = (
      await guest(name).shell(
        'hostname; cat /etc/machine-id; curl -s http://127.0.0.1/ || busybox wget -qO- http://127.0.0.1/',
      )
    ).split('\n', 3);
    expect(hostname).toBe(name);
    expect(machineId).toMatch(/^[0-9a-f]{32}$/);
    expect(page).toBeDefined();
    expect(await guest(name).shell('cat /var/www/html/index.html')).toContain(name);
  });

  test('conffs keep modes and owners, and delete what the host does not want', async () => {
    const listing = await guest('web01').shell(
      'stat -c "%a %u:%g %n" /etc/bivouac-demo /etc/bivouac-demo/secret.conf /root /root/.ssh /etc/ssh/ssh_host_ed25519_key; ls /var/www/html',
    );
    expect(listing.split('\n')).toEqual([
      '700 0:0 /etc/bivouac-demo',
      '600 0:0 /etc/bivouac-demo/secret.conf',
      '700 0:0 /root',
      '700 0:0 /root/.ssh',
      '600 0:0 /etc/ssh/ssh_host_ed25519_key',
      'index.html',
    ]);
  });

  test('the upper directory holds no file of the conffs', async () => {
    const [given, ...changed] = (
      await guest('web01').shell(
        'cd /run/bivouac/conffs && find . ! -type d | wc -l && find . ! -type d | while read -r path; do [ ! -e "../overlay/upper/$path" ] || echo "$path"; done',
      )
    ).split('\n');
    expect(Number(given)).toBeGreaterThan(10);
    expect(changed).toEqual([]);
  });

  test('no process of the host can read the boot token without being root', async () => {
    const token = await guest('web01').shell('sed -n "s/^BIVOUAC_TOKEN=//p" /run/bivouac/boot.env');
    expect(token).toMatch(/^[A-Za-z0-9_-]{40,}$/);
    expect(await guest('web01').shell('cat /proc/cmdline')).not.toContain(token);
    expect(
      await guest('web01').shell('setpriv --reuid 65534 --clear-groups cat /run/bivouac/boot.env 2>&1; true'),
    ).toMatch(/denied/);
    const console01 = booted.lab.powered.find((powered) => powered.host.name === 'web01')?.consoleLog ?? '';
    expect(readFileSync(console01, 'latin1')).not.toContain(token);
    expect(readFileSync(join(DATA, 'lab/server.log'), 'utf8')).not.toContain(token);
  });

  test('a boot token answers to its own host only', async () => {
    const token = await guest('web01').shell('sed -n "s/^BIVOUAC_TOKEN=//p" /run/bivouac/boot.env');
    const ask = `curl -s -o /dev/null -w "%{http_code}" -H "Authorization: Bearer ${token}" http://10.77.0.1/boot/`;
    for (const path of ['manifest', 'conffs']) {
      expect(await guest('web01').shell(ask + path)).toBe('200');
      expect(await guest('web02').shell(ask + path)).toBe('403');
    }
    expect(
      await guest('web01').shell('curl -s -o /dev/null -w "%{http_code}" http://10.77.0.1/boot/manifest'),
    ).toBe('403');
  });

  test('no part of the live root misses a program', () => {
    for (const { consoleLog } of booted.lab.powered) {
      const said = readFileSync(consoleLog, 'latin1');
      expect(said).toContain('bivouac: root mounted');
      expect(said).not.toMatch(/: not found|No such file|syntax error/);
    }
  });

  test('both hosts run in 512 MiB with memory to spare', async () => {
    for (const [name] of FIRMWARE) {
      const available = Number(await guest(name).shell("awk '/^MemAvailable/ {print $2}' /proc/meminfo"));
      console.log(`${name}: ${Math.round(available / 1024)} MiB available of 512`);
      expect(available).toBeGreaterThan(48 * 1024);
    }
  });
});

async function bootBoth(site: LabSite, use: (booted: Booted) => Promise<void>): Promise<void> {
  const loaded = siteOrThrow(await loadSite(site.config));
  const state = await openState(loaded.directories.data, () => loaded);
  try {
    const { publications } = await state.catalogue.current();
    const web = publications.find((entry) => entry.image === 'web');
    if (web === undefined) throw new Error('Image web is not published');
    const hosts = FIRMWARE.map(([name, firmware]): LabHost => {
      const host = loaded.hosts.find((one) => one.name === name);
      if (host === undefined) throw new Error(`Host ${name} is not defined`);
      return { host, firmware };
    });
    const boot = {
      name: 'e2e',
      state: { ...state, site: loaded },
      hosts,
      limit: 900,
      say: (line: string) => console.log(line),
      signal: new AbortController().signal,
    };
    await bootInLab(boot, async (lab, timelines) => {
      await use({
        lab,
        web,
        timelines: Object.fromEntries(timelines.map((timeline) => [timeline.host, timeline])),
        guests: Object.fromEntries(hosts.map(({ host }) => [host.name, guestOf(host, lab, site)])),
      });
    });
  } finally {
    await state.close();
  }
}

function netboot({ release }: Publication): NetbootRelease {
  if (release.output === 'netboot') return release;
  throw new Error('Image web has no bootable release');
}
