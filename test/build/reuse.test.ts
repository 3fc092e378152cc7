import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildImage, imageStates, planImage } from '../../src/build/build.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { PlanRequest } from '../../src/build/prepare.ts';
import type { ImageDefinition } from '../../src/core/image.ts';
import { anImage, imageName } from '../builders.ts';
import { containerImageId } from '../fakes/container-engine.ts';
import { fakeSite } from './fake-site.ts';

const FILES = [{ name: 'demo', path: '/etc/demo' }];

/** `trixie` > `mid` > `leaf`, a script each but for the release master; `leaf` publishes a file. */
function setUp() {
  const site = fakeSite();
  const script = (name: string, text: string): void => writeFileSync(join(site.folder, name), text);
  script('mid.sh', 'mid 1');
  script('leaf.sh', 'leaf 1');
  const images = treeOf(site.folder);
  const create = site.engine.create.bind(site.engine);
  site.engine.create = async (from) => {
    const container = await create(from);
    if (from !== 'scratch') writeFileSync(join(container.root, 'etc/demo'), 'x');
    return container;
  };
  const log: string[] = [];
  const base = { images, log: (line: string) => void log.push(line), signal: new AbortController().signal };
  const build = (name: string, request: Partial<PlanRequest> = {}): Promise<BuildOutcome> =>
    buildImage({ image: imageName(name), ...base, ...request }, site.site);
  const plan = async (name: string, request: Partial<PlanRequest> = {}) =>
    planImage({ image: imageName(name), images, ...request }, site.site);
  const states = async (): Promise<Readonly<Record<string, string>>> => {
    const entries = await imageStates(images, { ...site.site, ...site.site.world });
    return Object.fromEntries(
      entries.map(({ image, state }) => [image, state.kind === 'stale' ? state.why : state.kind]),
    );
  };
  return { ...site, images, script, build, plan, states, log };
}

function treeOf(folder: string): readonly ImageDefinition[] {
  const { parent: _parent, kernel: _kernel, ...plain } = anImage({ cmdline: [], stages: [] });
  const stage = (name: string) => ({ kind: 'script', name, path: join(folder, name) }) as const;
  const outputs = [{ kind: 'files', files: FILES }] as const;
  return [
    { ...plain, name: imageName('trixie') },
    { ...plain, name: imageName('mid'), parent: imageName('trixie'), stages: [stage('mid.sh')], outputs },
    { ...plain, name: imageName('leaf'), parent: imageName('mid'), stages: [stage('leaf.sh')], outputs },
  ];
}

function shown(steps: readonly { readonly stage: string; readonly status: string }[]): string {
  return steps.map(({ stage, status }) => `${stage} ${status}`).join(', ');
}

describe('a build that reaches only some ancestors', () => {
  it('builds ancestors that were never built, and takes them as they are from then on', async () => {
    const { build, plan, script } = setUp();
    const { steps } = await plan('leaf', { buildParents: 0 });
    expect(shown(steps)).toBe('bootstrap run, mid.sh run, leaf.sh run, files run');
    await build('leaf', { buildParents: 0 });
    script('mid.sh', 'mid 2');
    script('leaf.sh', 'leaf 2');
    const own = await plan('leaf', { buildParents: 0 });
    expect(shown(own.steps)).toBe('bootstrap known, mid.sh known, leaf.sh run, files run');
    expect(own.steps.map(({ why }) => why).slice(0, 3)).toEqual([
      'as last built',
      'as last built, though it has changed since: not asked to build it',
      'not built yet from these inputs',
    ]);
    expect(own.reused).toEqual(['trixie', 'mid']);
    for (const buildParents of [1, 2, 'all'] as const) {
      const reached = await plan('leaf', { buildParents });
      expect(shown(reached.steps)).toBe('bootstrap known, mid.sh run, leaf.sh run, files run');
    }
  });

  it('publishes the layers of the ancestor as it was last built', async () => {
    const { build, script } = setUp();
    const before = await build('leaf');
    script('mid.sh', 'mid 2');
    script('leaf.sh', 'leaf 2');
    const after = await build('leaf', { buildParents: 0 });
    expect(after.stepsRun).toBe(2);
    const layers = [before, after].map(({ release }) => release.release.layers.map(({ digest }) => digest));
    expect(layers[1]?.slice(0, 2)).toEqual(layers[0]?.slice(0, 2));
    expect(layers[1]?.[2]).not.toBe(layers[0]?.[2]);
  });

  it('keeps to what the ancestor was made of when another build has made its base anew', async () => {
    const { build, plan, script } = setUp();
    const before = await build('leaf');
    await build('mid', { fresh: true });
    script('mid.sh', 'mid 2');
    await build('mid');
    script('leaf.sh', 'leaf 2');
    const after = await build('leaf', { buildParents: 0 });
    const bases = [before, after].map(({ release }) => release.release.layers.at(0)?.digest);
    expect(bases[1]).not.toBe(bases[0]); // mid's newest build, as a whole
    expect(shown((await plan('leaf', { buildParents: 0 })).steps)).not.toContain('run');
  });

  it('builds an ancestor whose layers were lost', async () => {
    const { build, plan, engine, built } = setUp();
    await build('leaf');
    const top = built.images.get('mid amd64')?.layers.at(-1)?.result.container;
    if (top === undefined) throw new Error('Expected a record of mid');
    engine.images.delete(top);
    const { reused, steps } = await plan('leaf', { buildParents: 0 });
    expect(reused).toEqual(['trixie']);
    expect(shown(steps)).toBe('bootstrap known, mid.sh run, leaf.sh run, files run');
  });

  it('writes down an ancestor that is complete although the image above it failed', async () => {
    const { build, states, engine } = setUp();
    engine.onRun = ({ environment }) =>
      environment['BIVOUAC_STAGE'] === 'leaf.sh' ? Promise.reject(new Error('no')) : Promise.resolve();
    await expect(build('leaf')).rejects.toThrow(/leaf.sh/);
    expect(await states()).toEqual({ trixie: 'current', mid: 'current', leaf: 'never-built' });
  });
});

describe('what is asked for', () => {
  it('comes to nothing for conffs of an image without hosts', async () => {
    const { build } = setUp();
    await expect(build('leaf', { target: 'conffs', buildParents: 0 })).rejects.toThrow(/no pattern of hosts/);
  });
});

describe('the state of images', () => {
  it('is unknown for those whose repository is away, or whose files are, and for those below them', async () => {
    const { build, images, site, folder } = setUp();
    await build('leaf');
    const pin = () => Promise.reject(new Error('Cannot fetch repository "x": away'));
    const { playbooks } = site.world;
    const away = { ...site.world, playbooks: { ...playbooks, ansible: { ...playbooks.ansible, pin } } };
    const [trixie, mid, leaf] = images;
    if (trixie === undefined || mid === undefined || leaf === undefined)
      throw new Error('Expected three images');
    const playbook = { kind: 'playbook', name: 'site.yml', playbook: 'site.yml' } as const;
    const more = { ...mid, name: imageName('more'), stages: mid.stages };
    const changed = [trixie, { ...mid, stages: [playbook] }, leaf, more];
    const why = { kind: 'unknown', why: 'Cannot fetch repository "x": away' };
    const states = async () => (await imageStates(changed, { ...site, ...away })).map(({ state }) => state);
    expect(await states()).toEqual([{ kind: 'current' }, why, why, { kind: 'never-built' }]);
    const plan = await planImage({ image: imageName('trixie'), images: changed }, { ...site, world: away });
    expect(plan.downstream.map(({ state }) => state.kind)).toEqual(['unknown', 'unknown', 'never-built']);
    rmSync(join(folder, 'leaf.sh'));
    const [, , last] = await imageStates(images, { ...site, ...site.world });
    expect(last?.state).toMatchObject({ kind: 'unknown', why: expect.stringMatching(/leaf\.sh/) as string });
    const source = { kind: 'file', format: 'tarball', path: join(folder, 'root.tar') } as const;
    const ofFile = images.map((image) => ({ ...image, source }));
    const [base] = await imageStates(ofFile, { ...site, ...site.world });
    expect(base?.state).toMatchObject({ kind: 'unknown', why: expect.stringMatching(/root\.tar/) as string });
  });

  it('says which stage changed, of which image, for all below it', async () => {
    const { build, states, script } = setUp();
    expect(await states()).toEqual({ trixie: 'never-built', mid: 'never-built', leaf: 'never-built' });
    await build('leaf');
    expect(await states()).toEqual({ trixie: 'current', mid: 'current', leaf: 'current' });
    script('leaf.sh', 'leaf 2');
    expect(await states()).toMatchObject({ mid: 'current', leaf: 'stage "leaf.sh" of "leaf" changed' });
    script('mid.sh', 'mid 2');
    const changed = 'stage "mid.sh" of "mid" changed';
    expect(await states()).toEqual({ trixie: 'current', mid: changed, leaf: changed });
    await build('mid');
    expect(await states()).toEqual({ trixie: 'current', mid: 'current', leaf: changed });
  });

  it('sees that a parent was built anew from the same inputs', async () => {
    const { build, states } = setUp();
    await build('leaf');
    await build('mid', { fresh: true });
    expect(await states()).toEqual({
      trixie: 'current',
      mid: 'current',
      leaf: '"trixie" was built anew since',
    });
  });

  it('sees that also of an ancestor farther away, for all that stand upon it', async () => {
    const { build, states, site } = setUp();
    await build('leaf');
    const trixie = (await site.built.all()).find(({ image }) => image === 'trixie');
    const [base] = trixie?.layers ?? [];
    if (trixie === undefined || base === undefined) throw new Error('Expected a record of trixie');
    const container = containerImageId('another');
    await site.built.put({ ...trixie, layers: [{ ...base, result: { ...base.result, container } }] });
    const why = '"trixie" was built anew since';
    expect(await states()).toEqual({ trixie: 'current', mid: why, leaf: why });
  });

  it('is told for what is downstream of a plan, as it will be after the build', async () => {
    const { build, plan, script } = setUp();
    await build('leaf');
    expect((await plan('mid')).downstream).toMatchObject([{ image: 'leaf', state: { kind: 'current' } }]);
    expect((await plan('leaf')).downstream).toEqual([]);
    expect((await plan('mid', { fresh: true })).downstream).toMatchObject([
      { image: 'leaf', state: { kind: 'stale', cause: 'mid' } },
    ]);
    script('mid.sh', 'mid 2');
    expect((await plan('mid')).downstream).toMatchObject([
      { image: 'leaf', state: { kind: 'stale', why: 'stage "mid.sh" of "mid" changed' } },
    ]);
  });
});
