import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { openState, type State } from '../../src/adapters/state.ts';
import { followBoot } from '../../src/cli/lab/follow.ts';
import { startLab } from '../../src/cli/lab/session.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import type { Site } from '../../src/config/site.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { messageOf } from '../../src/core/errors.ts';
import type { Timeline } from '../../src/fleet/timeline.ts';
import { describeWith } from '../requirements.ts';
import { DATA, makeLabSite, ROOT } from './site.ts';

const HOSTS = [
  ['web01', 'bios'],
  ['web02', 'uefi'],
] as const;

// web01 runs a unit that fails; the top layer of the image of web02 has a wrong byte on the server's disk.
describeWith(
  ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ssh-keygen', 'ip'],
  'boots that go wrong',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-e2e-'));
    let restore: () => void = () => undefined;
    let results: PromiseSettledResult<Timeline>[] = [];
    let console02 = '';

    beforeAll(async () => {
      const lab = await makeLabSite(folder, DATA, breakHosts);
      const cli = [process.execPath, join(ROOT, 'src/main.ts'), '--config', lab.config] as const;
      const site = siteOrThrow(await loadSite(lab.config));
      const state = await openState(DATA, () => site);
      try {
        // A run that was killed may have left it damaged; without it, its stage is built again.
        rmSync((await topLayer(state)) ?? '', { force: true });
        for (const image of ['nbp', 'base', 'web']) await commandRunner.run([...cli, 'build', image]);
        restore = spoil(await topLayer(state));
        ({ results, console02 } = await bootBoth(site, state));
      } finally {
        restore();
        await state.close();
      }
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test('a host with a failed unit reports that it is degraded, and which unit failed', () => {
      const timeline = results[0]?.status === 'fulfilled' ? results[0].value : undefined;
      expect(timeline).toMatchObject({ outcome: 'degraded' });
      expect(timeline?.entries.at(-1)?.text).toMatch(/^degraded .*doomed\.service/);
    });

    test('a host that is sent a damaged layer refuses it, and says which and why, to the server and at its console', () => {
      const reason = results[1]?.status === 'rejected' ? messageOf(results[1].reason) : 'it booted';
      expect(reason).toMatch(
        /it reached: live root, reason given: layer 8 of 8: Got sha256:[0-9a-f]{12} and 4096 bytes, wanted sha256:/,
      );
      expect(console02).toMatch(/bivouac: FAILED layer 8 of 8: /);
      expect(console02).toMatch(/artefacts\/sha256\/[0-9a-f]{64}/);
    });
  },
);

function breakHosts(hosts: string): void {
  const units = join(hosts, 'web01/etc/systemd/system');
  mkdirSync(join(units, 'multi-user.target.wants'), { recursive: true });
  writeFileSync(join(units, 'doomed.service'), '[Service]\nType=oneshot\nExecStart=/bin/false\n');
  symlinkSync('../doomed.service', join(units, 'multi-user.target.wants/doomed.service'));
  const file = join(hosts, 'web01.yml');
  const text = readFileSync(file, 'utf8')
    .replace('image: web', 'image: base')
    .replace(/^delete:\n(?: .*\n?)+/m, '');
  writeFileSync(file, text);
  // Ten tries, the usual, are two minutes.
  appendFileSync(join(hosts, 'web02.yml'), '\ncmdline: [bivouac.tries=3]\n');
}

/** The file of the newest layer of image web; undefined before the first build. */
async function topLayer(state: State): Promise<string | undefined> {
  const { publications } = await state.catalogue.current();
  const release = publications.find((entry) => entry.image === 'web')?.release;
  const top = release?.output === 'netboot' ? release.layers.at(-1) : undefined;
  const hex = top === undefined ? undefined : digestHex(top.digest);
  return hex === undefined ? undefined : join(DATA, 'artefacts/sha256', hex.slice(0, 2), hex);
}

/** Change one byte of a file, as a failing disk would; gives what puts it back. */
function spoil(path: string | undefined): () => void {
  if (path === undefined) throw new Error('Image web has no layers');
  const good = readFileSync(path);
  const bad = Buffer.from(good);
  bad.writeUInt8(bad.readUInt8(200) ^ 1, 200);
  chmodSync(path, 0o644);
  writeFileSync(path, bad);
  return () => {
    writeFileSync(path, good);
    chmodSync(path, 0o444);
  };
}

async function bootBoth(site: Site, state: State) {
  const hosts = HOSTS.map(([name, firmware]) => {
    const host = site.hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`Host ${name} is not defined`);
    return { host, firmware };
  });
  const since = Date.now();
  const say = (line: string): void => console.log(line);
  const lab = await startLab({ name: 'faults', site, hosts, say });
  try {
    const results = await Promise.allSettled(
      lab.powered.map((powered, index) => {
        const host = hosts[index]?.host;
        if (host === undefined) throw new Error('There is no such host');
        const { signal } = new AbortController();
        return followBoot({ host, powered, events: state.events, since, limit: 900, say, signal });
      }),
    );
    const console02 = readFileSync(lab.powered[1]?.consoleLog ?? '', 'latin1');
    return { results, console02 };
  } finally {
    await lab.stop();
  }
}
