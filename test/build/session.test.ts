import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planImage } from '../../src/build/build.ts';
import type { Plan } from '../../src/build/plan.ts';
import { recoverBuilds } from '../../src/build/recover.ts';
import { AppError } from '../../src/core/errors.ts';
import { type BuildId, parseBuildId } from '../../src/core/job.ts';
import type { ContentId } from '../../src/ports/build-cache.ts';
import { imageName } from '../builders.ts';
import { errorOf, setUp } from './build-test.ts';

describe('a build that is not alone', () => {
  it('is refused, or waits, while its image is being built', async () => {
    const { build, locks, lines } = setUp();
    const other = await locks.take(`image-${imageName('demo')}`, { purpose: 'another build of "demo"' });
    expect(await errorOf(build())).toMatchObject({ code: 'busy' });
    const waiting = build({ whenBusy: 'wait' });
    await expect.poll(() => lines.at(-1)).toMatch(/locked by another build of "demo"; waiting$/);
    await other.release();
    expect(await waiting).toMatchObject({ published: true });
  });

  it('is refused, or waits, while as many builds run as may', async () => {
    const { build, locks, lines } = setUp();
    const slots = [1, 2].map((slot) => locks.take(`slot-${slot}`, { purpose: 'the build of "db"' }));
    const [first] = await Promise.all(slots);
    expect(await errorOf(build())).toMatchObject({ code: 'busy' });
    const waiting = build({ whenBusy: 'wait' });
    await expect.poll(() => lines.at(-1)).toMatch(/2 other builds run; waiting$/);
    await first?.release();
    expect(await waiting).toMatchObject({ published: true });
  });

  it('stops waiting on request', async () => {
    const { build, locks } = setUp();
    await locks.take(`image-${imageName('demo')}`, { purpose: 'another build of "demo"' });
    const stop = new AbortController();
    const waiting = errorOf(build({ whenBusy: 'wait', signal: stop.signal }));
    stop.abort();
    expect(await waiting).toMatchObject({ name: 'AbortError' });
    expect([...locks.held.keys()]).toEqual(['image-demo']);
  });

  it('makes a step once that two builds at a time need', async () => {
    const { build, site, images, ran, engine, locks, lines } = setUp();
    const [trixie, demo] = images;
    if (trixie === undefined || demo === undefined) throw new Error('Expected two images');
    const all = [trixie, demo, { ...demo, name: imageName('other'), stages: [] }];
    const { steps } = await planImage({ image: demo.name, images: all }, site);
    const held = await locks.take(`step-${firstId(steps)}`, { purpose: 'this test' });
    const builds = [build({ images: all }), build({ images: all, image: imageName('other') })];
    await expect.poll(() => lines.filter((line) => line.endsWith('waiting')).length).toBe(2);
    await held.release();
    const outcomes = await Promise.all(builds);
    expect(outcomes.map(({ published }) => published)).toEqual([true, true]);
    expect(ran.filter((program) => program === 'mmdebstrap')).toEqual(['mmdebstrap']);
    expect(lines.filter((line) => line.endsWith('trixie: bootstrap … made by another build'))).toHaveLength(
      1,
    );
    expect(engine.open.size).toBe(0);
    expect(locks.held.size).toBe(0);
  });
});

describe('recoverBuilds', () => {
  it('cleans up after builds that are over, not those that live', async () => {
    const { site, engine, locks } = setUp();
    const [alive, dead] = [buildId('00000000000a'), buildId('00000000000b')];
    engine.left.add(alive).add(dead);
    const work = ['00000000000a', '00000000000c', 'note'].map((name) => join(site.workFolder, name));
    for (const folder of work) mkdirSync(folder, { recursive: true });
    await locks.take(`build-${alive}`, { purpose: 'a build' });
    await recoverBuilds(site);
    expect(engine.cleaned).toEqual([dead, '00000000000c']);
    expect(work.map((folder) => existsSync(folder))).toEqual([true, false, true]);
    expect([...locks.held.keys()]).toEqual([`build-${alive}`]);
  });

  it('reports what is no lock', async () => {
    const { site, engine } = setUp();
    engine.left.add(buildId('00000000000a'));
    engine.cleanUp = () => Promise.reject(new AppError('storage', 'Cannot read'));
    await expect(recoverBuilds(site)).rejects.toThrow('Cannot read');
  });
});

function buildId(text: string): BuildId {
  const id = parseBuildId(text);
  if (id === undefined) throw new Error(`No id of a build: ${text}`);
  return id;
}

function firstId(steps: Plan['steps']): ContentId {
  const [step] = steps;
  if (step === undefined) throw new Error('Expected a step');
  return step.id;
}
