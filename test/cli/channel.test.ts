import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { STABLE } from '../../src/core/image.ts';
import { aNamedRelease } from '../builders.ts';
import { load, siteFolder } from '../config/site-folder.ts';
import { commandLine } from './command-line.ts';

const [OLD, NEW] = [aNamedRelease({}, 'd'), aNamedRelease({ kernelVersion: '6.99' }, 'e')];

/** Made when a key was there that is gone now. */
const STRANDED = aNamedRelease({ kernelVersion: '6.01', keys: ['f'.repeat(16)] }, 'f');

async function publishedSite(published = [OLD, NEW]) {
  const folder = siteFolder();
  const loaded = await load(folder);
  if (!loaded.ok) throw new Error('The site has faults');
  const state = await openState(join(folder, 'data'), () => loaded.site);
  for (const release of published) await state.catalogue.publish(release, STABLE);
  await state.close();
  return (...argv: string[]) => commandLine('--config', join(folder, 'bivouac.yml'), ...argv);
}

test('releases are listed, shown and pinned; channels go back and forth, and tell how', {
  timeout: 60_000,
}, async () => {
  const run = await publishedSite();
  const text = async (...argv: string[]) => {
    const { code, stdout } = await run(...argv);
    expect(code, stdout).toBe(0);
    return stdout;
  };
  expect(await text('release', 'list', 'web')).toMatch(/sha256:e{12} +web +amd64 .* 6\.99 +stable/);
  expect(await text('release', 'show', 'web~1')).toContain(`release       ${OLD.digest}`);
  expect(await text('release', 'pin', 'dddd', '--reason', 'fair')).toContain('is pinned');
  expect(await text('channel', 'rollback', 'web', '--reason', 'broken')).toContain('→ sha256:dddddddddddd');
  expect(await text('channel', 'promote', 'web', 'stable', 'canary')).toContain(
    'web canary amd64: nothing → ',
  );
  expect(await text('channel', 'set', 'web', 'stable', NEW.digest)).toContain('→ sha256:eeeeeeeeeeee');
  expect(await text('channel', 'pin', 'web', '--reason', 'fair')).toContain('web stable is pinned by');
  expect(await text('channel', 'list')).toMatch(/web +stable +amd64 +sha256:e{12} .* by .*: fair/);
  expect(await text('channel', 'unpin', 'web')).toContain('is pinned no more');
  const moves = JSON.parse(await text('--json', 'channel', 'history', 'web', 'stable')) as {
    action: string;
  }[];
  expect(moves.map(({ action }) => action)).toEqual(['set', 'rollback', 'build', 'build']);
  expect((await run('channel', 'promote', 'web', 'stabel', 'canary')).code).toBe(1);
  const misspelt = await run('--json', 'channel', 'history', 'web', 'stabel');
  expect([misspelt.code, misspelt.stdout]).toEqual([1, expect.stringContaining('stable')]);
  const noArm = await run('--json', 'channel', 'rollback', 'web', '--arch', 'arm64');
  expect([noArm.code, noArm.stdout]).toEqual([1, expect.stringContaining('points to nothing for arm64')]);
  expect(await text('channel', 'history', 'base')).toContain('No channel of image "base" was ever moved');
  expect(await text('release', 'show', 'dddd')).toMatch(/^pinned +by .*: fair$/m);
  expect(await text('release', 'list', '--limit', '1')).toMatch(/\nand older ones; --limit 0 lists all\n$/);
  expect((await text('release', 'list', '--limit', '0')).trim().split('\n')).toHaveLength(3);
  expect(await text('release', 'unpin', 'dddd')).toContain('is pinned no more');
  expect(await text('release', 'show', 'dddd')).not.toMatch(/^pinned/m);
  expect((await run('release', 'show', 'web@stable~5')).code).toBe(1);
});

test('no channel is pointed to a release whose initramfs believes no key that is left', async () => {
  const run = await publishedSite([STRANDED, NEW]);
  for (const order of [
    ['rollback', 'web'],
    ['rollback', 'web', '--to', 'ffff'],
    ['set', 'web', 'canary', 'ffff'],
  ]) {
    const { code, stdout } = await run('--json', 'channel', ...order);
    expect([code, JSON.parse(stdout)], order.join(' ')).toMatchObject([
      1,
      {
        error: {
          code: 'conflict',
          message: expect.stringContaining(`keys that are gone (${'f'.repeat(16)})`),
        },
      },
    ]);
  }
  expect((await run('release', 'show', 'web')).stdout).toContain(NEW.digest);
  expect((await run('channel', 'promote', 'web', 'stable', 'canary')).code).toBe(0);
});
