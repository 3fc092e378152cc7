import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { bootInLab } from '../../src/cli/lab/boot.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import { describeWith } from '../requirements.ts';
import { type Guest, guestOf } from './guest.ts';
import { breakHost, makeHostLayerSite } from './host-layer-site.ts';
import { DATA, type LabSite, ROOT } from './site.ts';

const NEEDS = ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ansible-playbook', 'ssh', 'ip'];
const REASON = 'stage "shop/host.yml": task "is there a disk" (shop/host.yml:6): no disk in web02';

// An image whose hosts have layers of their own: the playbook fails on web02; web01 is booted with its layer.
describeWith(NEEDS, 'host layers, from the playbook to the booted host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-layers-'));
  let site: LabSite;
  let answers: readonly string[];
  let guest: Guest;
  const finish = Promise.withResolvers<undefined>();
  let running: Promise<void> = Promise.resolve();

  /** Exit code and standard output of the program. */
  const bivouac = (...args: string[]) =>
    new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
      const argv = [join(ROOT, 'src/main.ts'), '--config', site.config, ...args];
      const child = execFile(process.execPath, argv, { maxBuffer: 1 << 26 }, (_error, stdout, stderr) => {
        console.log(`$ bivouac ${args.join(' ')}\n${stdout.slice(0, 4000)}${stderr}`);
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      });
    });

  beforeAll(async () => {
    site = await makeHostLayerSite(folder, DATA);
    expect((await bivouac('build', 'nbp')).code).toBe(0);
  });

  afterAll(async () => {
    finish.resolve(undefined);
    await running.finally(() => rmSync(folder, { recursive: true, force: true }));
  });

  test('a build of which one host fails makes the other one, and ends with exit code 1 and one JSON document', async () => {
    const { code, stdout, stderr } = await bivouac('--json', 'build', 'shop');
    const document: unknown = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(stderr).toBe('');
    expect(document).toMatchObject({
      image: 'shop',
      state: 'failed',
      conffs: {
        hosts: [
          { host: 'web01', kind: 'built' },
          { host: 'web02', kind: 'failed', reason: REASON },
        ],
      },
      error: { code: 'build-failed', remedy: expect.stringMatching(/^"bivouac job log .*host show web02"/) },
    });
  });

  test('a person sees a row for each host, what is known, and why one failed', async () => {
    const { code, stdout, stderr } = await bivouac(
      'build',
      'shop',
      '--target',
      'conffs',
      '--build-parents',
      '0',
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/\nFiles of the hosts of "shop": 1 known, 1 failed \(/);
    expect(stdout).toMatch(/\nHOST +FILES +RELEASE +SIZE +REASON\n/);
    expect(stdout).toMatch(/\nweb01 +known +sha256:\w{12} +[\d.]+ MB\n/);
    expect(stdout).toContain(REASON);
    expect(stderr).toContain(`Cannot build the files of 1 of 2 hosts of "shop": web02: ${REASON}`);
  });

  test('each host shows what it boots, and its layers', async () => {
    expect((await bivouac('host', 'show', 'web01')).stdout).toMatch(
      /\nboots release (sha256:\w{12}) \(amd64, [^]*\nRELEASE +HOST LAYER +SIZE +BUILT +COMMITS\n\1 /,
    );
    expect((await bivouac('host', 'show', 'web02')).stdout).toMatch(
      /\nboots nothing: .*"web02" has no host layer for release .*"bivouac build shop --target conffs" makes it\n/,
    );
  });

  test('the host boots with its layer', async () => {
    const ready = Promise.withResolvers<Guest>();
    running = bootWeb01(site, async (booted) => {
      ready.resolve(booted);
      await finish.promise;
    });
    running.catch(ready.reject);
    guest = await ready.promise;
    answers = (await guest.shell('cat /etc/shop.conf; hostname')).split('\n');
    expect(answers).toEqual([
      'host web01 (52:54:00:77:00:01, 10.77.0.11) of shop',
      'greeting Pitched here for the night: nothing on this disk, there is no disk',
      'web01',
    ]);
  });

  test('its files have the owners, modes, links and attributes that the playbook gave them', async () => {
    const paths = '/etc/shop.conf /usr/share/shop/old /var/lib/shop';
    expect((await guest.shell(`stat -c '%a %u:%g %n' ${paths}`)).split('\n')).toEqual([
      '640 33:4 /etc/shop.conf',
      '711 0:0 /usr/share/shop/old',
      '2770 33:4 /var/lib/shop',
    ]);
    expect(await guest.shell('stat -c %h /etc/shop.conf; cmp /etc/shop.conf /etc/shop.link')).toBe('2');
    const attribute = `python3 -c 'import os; print(os.getxattr("/etc/shop.conf", "user.shop").decode())'`;
    expect(await guest.shell(attribute)).toBe('here');
  });

  test('what the playbook deleted of the image is gone, and a directory that it replaced holds only what is new', async () => {
    expect(await guest.shell('cd /usr/share/shop && find . -type f | sort')).toBe('./offers\n./old/three');
    expect(await guest.shell('cat /usr/share/shop/old/three /usr/share/shop/offers')).toBe('host\nimage');
  });

  test('file capabilities of the layer and of the image are there, and count', async () => {
    expect(await guest.shell('getcap /usr/local/bin/probe /usr/local/bin/of-the-image')).toBe(
      '/usr/local/bin/probe cap_net_bind_service=ep\n/usr/local/bin/of-the-image cap_net_raw=ep',
    );
    const bind = `-c 'import socket; socket.socket().bind(("127.0.0.1", 81)); print("bound")' 2>&1 | tail -n 1`;
    const nobody = 'setpriv --reuid 65534 --regid 65534 --clear-groups';
    expect(await guest.shell(`${nobody} /usr/local/bin/probe ${bind}`)).toBe('bound');
    expect(await guest.shell(`${nobody} /usr/bin/python3 ${bind}`)).toMatch(/PermissionError/);
  });

  test('its three SSH host keys are those of the secret store', async () => {
    for (const type of ['ed25519', 'rsa', 'ecdsa']) {
      const kept = readFileSync(join(DATA, `secrets/hosts/web01/ssh_host_${type}_key.json`), 'utf8');
      const key = /[a-z0-9-]+ AAAA[A-Za-z0-9+/=]+/.exec(kept)?.[0] ?? 'none';
      const path = `/etc/ssh/ssh_host_${type}_key`;
      expect(
        await guest.shell(
          `stat -c '%a %u' ${path}; cut -d' ' -f1,2 ${path}.pub; ssh-keygen -y -f ${path} | cut -d' ' -f1,2`,
        ),
      ).toBe(`600 0\n${key}\n${key}`);
    }
  });

  test('once the fault is mended the host that failed has its layer too, and nothing else is made', async () => {
    breakHost(join(folder, 'hosts'), false);
    const { code, stdout } = await bivouac(
      '--json',
      'build',
      'shop',
      '--target',
      'conffs',
      '--build-parents',
      '0',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      state: 'succeeded',
      conffs: {
        hosts: [
          { host: 'web01', kind: 'known' },
          { host: 'web02', kind: 'built' },
        ],
      },
    });
    expect((await bivouac('host', 'show', 'web02')).stdout).toMatch(/\nboots release sha256:/);
  });
});

async function bootWeb01(site: LabSite, use: (guest: Guest) => Promise<void>): Promise<void> {
  const loaded = siteOrThrow(await loadSite(site.config));
  const state = await openState(loaded.directories.data, () => loaded);
  try {
    const host = loaded.hosts.find(({ name }) => name === 'web01');
    if (host === undefined) throw new Error('Host web01 is not defined');
    const boot = {
      name: 'layers',
      state: { ...state, site: loaded },
      hosts: [{ host, firmware: 'bios' }],
      limit: 1200,
      say: (line: string) => console.log(line),
      signal: new AbortController().signal,
    } as const;
    await bootInLab(boot, async (lab, [timeline]) => {
      expect(timeline).toMatchObject({ outcome: 'healthy' });
      await use(guestOf(host, lab, site));
    });
  } finally {
    await state.close();
  }
}
