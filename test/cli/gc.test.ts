import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { STABLE } from '../../src/core/image.ts';
import { aNamedRelease } from '../builders.ts';
import { load, siteFolder } from '../config/site-folder.ts';
import { commandLine } from './command-line.ts';

test('gc says what went; a number that keeps nothing is refused', async () => {
  const folder = siteFolder();
  const loaded = await load(folder);
  if (!loaded.ok) throw new Error('The site has faults');
  const data = join(folder, 'data');
  const state = await openState(data, () => loaded.site);
  await state.catalogue.publish(aNamedRelease(), STABLE);
  await state.close();
  const run = (...argv: string[]) => commandLine('--config', join(folder, 'bivouac.yml'), ...argv);
  const before = readdirSync(data, { recursive: true }).filter((name) => !String(name).includes('.db'));
  const { code, stdout } = await run('gc', '--dry-run');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^WOULD GO +COUNT +SIZE\nreleases +0 +-\n[^]*\nWould free 0 B\n$/);
  expect(readdirSync(data, { recursive: true }).filter((name) => !String(name).includes('.db'))).toEqual(
    before,
  );
  const json = JSON.parse((await run('--json', 'gc', '--keep', '1')).stdout);
  expect(json).toMatchObject({ dryRun: false, releases: [], bytes: 0, artefacts: { count: 0, bytes: 0 } });
  expect((await run('gc', '--keep', '0')).code).toBe(2);
});
