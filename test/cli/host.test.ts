import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { STABLE } from '../../src/core/image.ts';
import { aNamedRelease, hostName, imageName } from '../builders.ts';
import { load, siteFolder } from '../config/site-folder.ts';
import { commandLine } from './command-line.ts';

test('a host is shown with what it boots now, or with why it boots nothing, and with its layers', async () => {
  const folder = siteFolder();
  const loaded = await load(folder);
  if (!loaded.ok) throw new Error('The site has faults');
  const state = await openState(join(folder, 'data'), () => loaded.site);
  const show = async () =>
    (await commandLine('--config', join(folder, 'bivouac.yml'), 'host', 'show', 'web01')).stdout;
  const release = aNamedRelease();
  const short = release.digest.slice(0, 19);
  try {
    expect(await show()).toMatch(/\nboots nothing: Image "web" has no release in channel "stable" yet\n/);
    await state.catalogue.publish(release, STABLE);
    expect(await show()).toContain(`\nboots release ${short} (amd64, `);
    await state.hostLayers.want(imageName('web'), [hostName('web01')], 'alone');
    expect(await show()).toMatch(
      /\nboots nothing: .*no host layer for release .*"bivouac build web --target conffs" makes it\n/,
    );
    const layer = { host: hostName('web01'), image: imageName('web'), release: release.digest };
    await state.hostLayers.put({ ...layer, contentId: 'x', commits: [], builtAt: 1 }, Buffer.alloc(2048));
    const text = await show();
    expect(text).toContain(`\nboots release ${short} (amd64, `);
    expect(text).toMatch(
      new RegExp(`\\nRELEASE +HOST LAYER +SIZE +BUILT +COMMITS\\n${short} +sha256:\\w+ +2.05 KB `),
    );
    const argv = ['--config', join(folder, 'bivouac.yml'), '--json', 'host', 'show', 'web01'];
    const json: unknown = JSON.parse((await commandLine(...argv)).stdout);
    expect(json).toMatchObject({ next: { release: release.digest }, hostLayers: [{ contentId: 'x' }] });
  } finally {
    await state.close();
  }
});
