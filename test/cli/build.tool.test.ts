import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import type { BuildRequest } from '../../src/core/job.ts';
import { KILL_TOOLS, KillSite } from '../build/kills/kill-site.ts';
import { imageName } from '../builders.ts';
import { load } from '../config/site-folder.ts';
import { describeWith } from '../requirements.ts';

const ALL = { image: imageName('demo'), target: 'all', buildParents: 'all' } as const;

describeWith(KILL_TOOLS, 'bivouac build', () => {
  const site = new KillSite();
  afterAll(() => site.remove());

  const queue = async (request: BuildRequest) => {
    const loaded = await load(site.folder);
    if (!loaded.ok) throw new Error('The site has faults');
    const state = await openState(join(site.folder, 'data'), () => loaded.site);
    return await state.jobs.enqueue(request).finally(() => state.close());
  };

  it('that takes over a job which waits makes all that this job was to make', async () => {
    await site.prepare();
    await site.bivouac('build', 'demo');
    const { job } = await queue({ ...ALL, fresh: true });
    const built: unknown = JSON.parse(await site.bivouac('--json', 'build', 'demo'));
    expect(built).toMatchObject({ state: 'succeeded', stepsRun: 6 });
    expect(JSON.parse(await site.bivouac('--json', 'job', 'show', job.id))).toMatchObject({
      state: 'succeeded',
      request: { fresh: true },
    });
  });
});
