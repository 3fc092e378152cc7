import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { openState } from '../../src/adapters/state.ts';
import { bootInLab } from '../../src/cli/lab/boot.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import type { Timeline } from '../../src/fleet/timeline.ts';
import { describeWith } from '../requirements.ts';
import { guestOf } from './guest.ts';
import { DATA, type LabSite, makeLabSite, ROOT } from './site.ts';

// Apart from what other tests boot: an image has no other releases there.
const ARM_DATA = join(DATA, 'arm64');
/** All of it runs by emulation: the build, then firmware, kernel and userland of the host. */
const MINUTES = 60_000;
const NEEDS = ['root', 'buildah', 'mmdebstrap', 'ssh', 'ip', 'qemu-system-aarch64', 'qemu-aarch64-static'];

// The demo's image web for arm64, built here, booted by the firmware of an arm64 board.
describeWith([...NEEDS, '/usr/share/AAVMF/AAVMF_CODE.fd'], 'an arm64 host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-arm-'));
  let timeline: Timeline | undefined;
  let answers: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    const lab = await makeLabSite(folder, ARM_DATA, (hosts) => {
      const text = readFileSync(join(hosts, 'web02.yml'), 'utf8');
      writeFileSync(join(hosts, 'web02.yml'), `${text.trimEnd()}\ncmdline: [console=ttyAMA0]\n`);
    });
    makeTree(lab);
    const cli = [process.execPath, join(ROOT, 'src/main.ts'), '--config', lab.config] as const;
    const log = (line: string): void => console.log(line);
    await commandRunner.run([...cli, 'build', 'nbp'], { log });
    await commandRunner.run([...cli, 'build', 'web', '--arch', 'arm64'], { log });
    await boot(lab);
  }, 120 * MINUTES);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function makeTree(lab: LabSite): void {
    for (const name of ['images', 'boot']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
    const file = join(folder, 'images/config.yml');
    const text = readFileSync(file, 'utf8')
      .replace('  from: trixie\n', '  from: trixie\n  arch: [amd64, arm64]\n')
      .replace('  nbp:\n', '  nbp:\n    arch: amd64\n')
      .replace(/kernel: linux-image-amd64$/m, 'kernel: {amd64: linux-image-amd64, arm64: linux-image-arm64}');
    writeFileSync(file, text);
    const config = readFileSync(lab.config, 'utf8');
    writeFileSync(lab.config, config.replace(join(ROOT, 'images'), join(folder, 'images')));
  }

  async function boot(lab: LabSite): Promise<void> {
    const site = siteOrThrow(await loadSite(lab.config));
    const state = await openState(ARM_DATA, () => site);
    const host = site.hosts.find(({ name }) => name === 'web02');
    if (host === undefined) throw new Error('Host web02 is not defined');
    const say = (line: string): void => console.log(line);
    const { signal } = new AbortController();
    const hosts = [{ host, firmware: 'uefi-arm64', memoryMiB: 1024 }] as const;
    const all = { name: 'arm64', state: { ...state, site }, hosts, limit: 3600, say, signal };
    try {
      await bootInLab(all, async (running, [settled]) => {
        timeline = settled;
        const guest = guestOf(host, running, lab);
        answers = {
          machine: await guest.shell('uname -m; dpkg --print-architecture'),
          page: await guest.shell('curl -s http://127.0.0.1/'),
        };
      });
    } finally {
      await state.close();
    }
  }

  test('boots by its own firmware into the arm64 release, to healthy', () => {
    const texts = timeline?.entries.map(({ source, text }) => `${source} ${text}`).join('\n') ?? '';
    expect(timeline?.outcome).toBe('healthy');
    expect(texts).toMatch(/^tftp ipxe-arm64\.efi/m);
    expect(texts).toMatch(/^http boot script of image web/m);
  });

  test('runs programs of its kind, and serves its page', () => {
    expect(answers['machine']).toBe('aarch64\narm64');
    expect(answers['page']).toContain('web02');
  });
});
