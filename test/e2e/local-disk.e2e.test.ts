import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { openState } from '../../src/adapters/state.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import { describeWith } from '../requirements.ts';
import { FORGED_TOKEN, Play, type Played } from './local-disk-play.ts';
import { DATA, makeLabSite, ROOT } from './site.ts';

const ARGUMENTS = ['bivouac.cache=bivouac-cache', 'bivouac.persist=/srv:/var/lib/shop'];
// web01 has a disk: it boots from the network, then, with the server stopped, from what the disk keeps; the server comes
// back and hears of it. web02 is given a manifest that somebody changed on its way.
describeWith(
  ['root', 'qemu-system-x86_64', 'buildah', 'mmdebstrap', 'ssh', 'ip', 'mke2fs', 'debugfs'],
  'the local disk, and a changed manifest',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-disk-'));
    let played: Played;

    beforeAll(async () => {
      const lab = await makeLabSite(folder, DATA, addArguments);
      const cli = [process.execPath, join(ROOT, 'src/main.ts'), '--config', lab.config] as const;
      for (const image of ['nbp', 'web']) await commandRunner.run([...cli, 'build', image]);
      const site = siteOrThrow(await loadSite(lab.config));
      const state = await openState(DATA, () => site);
      try {
        played = await new Play({ folder, lab, site, state }).run();
      } finally {
        await state.close();
      }
    });

    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test('a boot that the server serves is kept on the disk', () => {
      expect(played.served).toMatch(
        /bivouac: disk: release sha256:[0-9a-f]{12} is kept for a boot without the server/,
      );
      expect(played.served).not.toContain('WARNING');
    });

    test('with the server stopped the host boots from its disk, and says so at its console', () => {
      expect(played.alone).toContain(
        'bivouac: the server does not serve this boot (network: No answer to DHCP on ',
      );
      expect(played.alone).toContain('bivouac: booting what the disk keeps of ');
      expect(played.alone).toContain('switching to it');
      expect(played.alone).not.toContain('FAILED');
    });

    test('the server hears of it when it is back', () => {
      expect(played.timeline.outcome).toBe('healthy');
      expect(played.timeline.entries.at(-1)?.text).toMatch(
        /^healthy .*release sha256:[0-9a-f]{64} from the local disk \(network: /,
      );
    });

    test('it is the same host: its name, its secrets, its state', () => {
      expect(played.findings).toMatchObject({
        name: 'web01',
        secret: '600',
        mounted: '/srv\n/var/lib/shop',
        state: 'of the first boot',
        cacheMounted: '',
      });
    });

    test('bivouac.debug shows each command at the console, and not the boot token', () => {
      expect(played.forged).toMatch(/bivouac: \+ .*fetch_manifest/);
      expect(played.forged).toMatch(/bivouac: \+ openssl pkeyutl -verify/);
      expect(played.forged).not.toContain(FORGED_TOKEN);
    });

    test('a manifest that was changed on its way is refused, and the failure is named and reported', () => {
      expect(played.forged).toMatch(
        /bivouac: FAILED signature: The manifest is not believed: the manifest is not what key [0-9a-f]{16} signed/,
      );
      expect(played.findings['reported']).toMatch(/milestone=failed&.*detail=signature%3A/);
      expect(played.forged).not.toContain('switching to it');
    });
  },
);

function addArguments(hosts: string): void {
  const file = join(hosts, 'web01.yml');
  const list = ARGUMENTS.map((argument) => `  - ${argument}`).join('\n');
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\ncmdline:\n${list}\n`);
}
