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
  const part = {
    target: 'conffs',
    buildParents: 1,
    conffs: 'db*',
    branch: 'next',
    architecture: 'arm64',
    fresh: true,
  } as const;
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

test('a job that waits is cancelled, one that runs is asked to stop, one that has ended stays as it is', async () => {
  const folder = siteFolder();
  const loaded = await load(folder);
  if (!loaded.ok) throw new Error('The site has faults');
  const run = (...argv: string[]) => commandLine('--config', join(folder, 'bivouac.yml'), ...argv);
  const state = await openState(join(folder, 'data'), () => loaded.site);
  const [waits, runs] = [
    (await state.jobs.enqueue(buildAll(imageName('web')))).job.id,
    (await state.jobs.enqueue(buildAll(imageName('base')))).job.id,
  ];
  await state.jobs.claim(runs);
  await state.close();
  for (const _again of [1, 2])
    expect(await run('job', 'cancel', waits)).toEqual({ code: 0, stdout: `Job ${waits} is cancelled\n` });
  expect(await run('job', 'cancel', runs)).toEqual({
    code: 0,
    stdout: `Job ${runs} runs and was asked to stop\n`,
  });
  const shown = JSON.parse((await run('--json', 'job', 'cancel', runs)).stdout);
  expect(shown).toMatchObject({ id: runs, state: 'running', isCancelling: true });
  expect((await run('job', 'list')).stdout).toMatch(/ web +all +cancelled /);
  expect((await run('job', 'cancel', 'nope')).code).toBe(1);
});
