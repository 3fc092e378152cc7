import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { buildAll } from '../../src/core/job.ts';
import { imageName } from '../builders.ts';
import { load, siteFolder } from '../config/site-folder.ts';
import { commandLine } from './command-line.ts';

test('a job is shown with what was asked for', async () => {
  const folder = siteFolder();
  const loaded = await load(folder);
  if (!loaded.ok) throw new Error('The site has faults');
  const state = await openState(join(folder, 'data'), () => loaded.site);
  await state.jobs.enqueue(buildAll(imageName('web')));
  const part = { target: 'conffs', buildParents: 1, conffs: 'db*', branch: 'next', architecture: 'arm64', fresh: true } as const;
  const { job } = await state.jobs.enqueue({ image: imageName('base'), ...part });
  await state.close();
  const run = (...argv: string[]) => commandLine('--config', join(folder, 'bivouac.yml'), ...argv);
  const [heading, newest, oldest] = (await run('job', 'list')).stdout.split('\n');
  expect(heading).toMatch(/^JOB +IMAGE +WHAT +STATE/);
  expect(newest).toMatch(/ base +conffs of db\*, parents 1, branch next, for arm64, fresh +queued/);
  expect(oldest).toMatch(/ web +all +queued/);
  const shown = JSON.parse((await run('--json', 'job', 'show', job.id)).stdout);
  expect(shown).toMatchObject({ id: job.id, request: { image: 'base', ...part } });
});
