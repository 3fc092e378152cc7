import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { planImage } from '../../src/build/build.ts';
import { BuildError } from '../../src/build/build-error.ts';
import { executePlan } from '../../src/build/execute.ts';
import { planBuild } from '../../src/build/plan.ts';
import { imageChain } from '../../src/build/selection.ts';
import { digestSource } from '../../src/build/source-tree.ts';
import { CommandError } from '../../src/core/command-error.ts';
import { channelName, imageName } from '../builders.ts';
import { errorOf, setUp } from './build-test.ts';

describe('buildImage', () => {
  it('runs all, publishes, and says what it does', async () => {
    const { build, lines, catalogue, engine, locks, ran } = setUp();
    const outcome = await build();
    expect(outcome).toMatchObject({ published: true, stepsRun: 4 });
    // Each layer is packed, and looked through for keys.
    const layer = ['grep', 'mksquashfs'];
    expect(ran).toEqual(['mmdebstrap', ...layer, ...layer, ...layer]);
    expect(catalogue.moves.map(({ digest, channel }) => [digest, channel])).toEqual([
      [outcome.release.digest, 'stable'],
    ]);
    expect(lines).toContain('[2/4] demo: one.sh … 0.0 s, layer of 1 kB');
    expect(lines.at(-1)).toMatch(
      /^Published release sha256:[0-9a-f]{12} of "demo" to stable \(4 steps run, 0\.0 s\)$/,
    );
    expect(engine.open.size).toBe(0);
    expect(locks.held.size).toBe(0);
  });

  it('runs and publishes nothing when nothing changed', async () => {
    const { build, ran, catalogue, lines } = setUp();
    const first = await build();
    ran.length = 0;
    const second = await build();
    expect(second).toMatchObject({ published: false, stepsRun: 0 });
    expect(second.release).toEqual(first.release);
    expect(ran).toEqual([]);
    expect(catalogue.moves).toHaveLength(1);
    expect(lines.at(-1)).toMatch(/^Nothing new: stable is release/);
  });

  it('runs a step again whose artefact or container image is gone, and those above it', async () => {
    const { build, artefacts, engine } = setUp();
    const { release } = await build();
    const one = release.release.layers.find(({ stage }) => stage === 'one.sh');
    if (one === undefined) throw new Error('Expected a layer');
    artefacts.artefacts.delete(one.digest);
    expect(await build()).toMatchObject({ stepsRun: 3 });
    engine.images.clear();
    expect(await build()).toMatchObject({ stepsRun: 4 });
  });

  it('plans without doing anything', async () => {
    const { site, images, ran } = setUp();
    const plan = await planImage({ image: imageName('demo'), images }, site);
    expect(plan.steps.map(({ status }) => status)).toEqual(['run', 'run', 'run', 'run']);
    expect(ran).toEqual([]);
  });

  it('leaves what was published when a stage fails, and names image, stage, exit code and last words', async () => {
    const { build, engine, catalogue, folder, locks } = setUp();
    const { release } = await build();
    writeFileSync(join(folder, 'images/two.sh'), 'exit 7');
    engine.onRun = () =>
      Promise.reject(new CommandError('/bin/sh', { kind: 'exit', exitCode: 7 }, ['a', 'No space']));
    const error = await errorOf(build());
    if (!(error instanceof BuildError)) throw new Error('Expected a BuildError');
    expect(error).toMatchObject({ code: 'build-failed', image: 'demo', stage: 'two.sh', exitCode: 7 });
    expect(error.tail).toEqual(['a', 'No space']);
    expect(error.message).toBe('Cannot build image "demo": stage "two.sh" failed: exit code 7: No space');
    expect((await catalogue.current()).publications.map(({ digest }) => digest)).toEqual([release.digest]);
    expect(engine.open.size).toBe(0);
    expect(locks.held.size).toBe(0);
    expect(existsSync(join(folder, 'work'))).toBe(false);
  });

  it('keeps the layers below a failed stage for the next build', async () => {
    const { build, engine } = setUp();
    const goodRun = engine.onRun;
    engine.onRun = (command, root) =>
      command.environment['BIVOUAC_STAGE'] === 'two.sh'
        ? Promise.reject(new CommandError('/bin/sh', { kind: 'exit', exitCode: 1 }, []))
        : goodRun(command, root);
    await errorOf(build());
    engine.onRun = goodRun;
    expect(await build()).toMatchObject({ published: true, stepsRun: 2 });
  });

  it('stops on request and says so', async () => {
    const { build, engine } = setUp();
    const stop = new AbortController();
    engine.onRun = ({ signal }) => {
      stop.abort();
      return Promise.reject(
        signal?.aborted ? new CommandError('/bin/sh', { kind: 'aborted' }, []) : new Error('?'),
      );
    };
    const error = await errorOf(build({ signal: stop.signal }));
    expect(error).toMatchObject({ code: 'build-interrupted', stage: 'one.sh' });
    expect(String(error)).toContain('was stopped: stopped on request');
  });

  it('does not remember a stage whose script was changed while it ran', async () => {
    const { build, engine, folder, cache } = setUp();
    engine.onRun = ({ environment }) => {
      if (environment['BIVOUAC_STAGE'] === 'one.sh')
        writeFileSync(join(folder, 'images/one.sh'), 'echo other');
      return Promise.resolve();
    };
    expect(String(await errorOf(build()))).toMatch(
      /stage "one\.sh" failed: Cannot keep the layer: ".*one\.sh" was changed while/,
    );
    expect(cache.results.size).toBe(1);
  });

  it('refuses an image that would publish nothing before anything runs', async () => {
    const { build, ran, images } = setUp();
    const bare = images.map(({ kernel: _kernel, ...image }) => ({
      ...image,
      outputs: [{ kind: 'netboot' }] as const,
    }));
    expect(await errorOf(build({ images: bare }))).toMatchObject({ code: 'invalid-input' });
    expect(ran).toEqual([]);
  });

  it('keeps what a release master makes, with its provenance, and publishes it to no channel', async () => {
    const { build, ran, catalogue, site, lines } = setUp();
    const { release, publishing } = await build({ image: imageName('trixie') });
    expect(publishing).toEqual({ kind: 'kept' });
    expect(ran).toEqual(['mmdebstrap', 'grep', 'mksquashfs']);
    expect(catalogue.moves).toEqual([]);
    expect(await site.releases.find(release.digest)).toMatchObject({
      release: { layers: [{ stage: 'bootstrap' }] },
    });
    expect(await site.releases.attestations(release.digest)).toHaveLength(1);
    expect(lines.at(-1)).toMatch(
      /^Kept release sha256:[0-9a-f]{12} of "trixie": it is published to no channel/,
    );
  });

  it('publishes to the channel it is told, leaves a pinned one alone, and does not undo a rollback', async () => {
    const { build, site, folder, lines } = setUp();
    const canary = channelName('canary');
    const key = { image: imageName('demo'), channel: canary };
    const first = await build({ channel: canary });
    writeFileSync(join(folder, 'images/two.sh'), 'echo other');
    await site.channels.pin(key, { actor: 'ada', reason: 'fair' });
    const second = await build({ channel: canary });
    expect(second.publishing).toMatchObject({ kind: 'pinned' });
    expect(lines.at(-1)).toContain('canary is pinned by ada: fair');
    await site.channels.unpin(key);
    expect(await build({ channel: canary })).toMatchObject({ published: true, stepsRun: 0 });
    await site.channels.move({
      ...key,
      action: 'rollback',
      to: 'previous',
      actor: 'ada',
      reason: 'it is broken',
    });
    expect((await build({ channel: canary })).publishing).toMatchObject({ kind: 'withdrawn' });
    expect(lines.at(-1)).toContain('ada rolled canary back from it: it is broken');
    const moves = await site.channels.moves(key.image);
    expect(moves.map(({ digest, action }) => [digest, action])).toEqual([
      [first.release.digest, 'rollback'],
      [second.release.digest, 'build'],
      [first.release.digest, 'build'],
    ]);
  });

  it('reports a missing output file', async () => {
    const { images, build } = setUp();
    const [trixie, demo] = images;
    if (trixie === undefined || demo === undefined) throw new Error('Expected two images');
    const outputs = [{ kind: 'files', files: [{ name: 'a', path: '/etc/none' }] }] as const;
    const error = await errorOf(build({ images: [trixie, { ...demo, outputs }] }));
    expect(String(error)).toContain('Cannot take "a" from image "demo": its root has no file "/etc/none"');
  });

  it('keeps services from starting while a script runs, and leaves no trace of that', async () => {
    const { build, engine } = setUp({ 'one.sh': '' });
    const seen: string[] = [];
    const roots: string[] = [];
    engine.onRun = (_command, root) => {
      seen.push(readFileSync(join(root, 'usr/sbin/policy-rc.d'), 'utf8'));
      roots.push(root);
      return Promise.resolve();
    };
    await build();
    expect(seen).toEqual(['#!/bin/sh\nexit 101\n']);
    expect(roots.map((root) => existsSync(join(root, 'usr/sbin/policy-rc.d')))).toEqual([false]);
    expect(roots.map((root) => existsSync(join(root, 'run/bivouac-stage')))).toEqual([false]);
  });
});

describe('a stage', () => {
  it('has the limit of its image, or ten minutes, for making no progress', async () => {
    const { images, build, engine } = setUp();
    const limits: unknown[] = [];
    engine.onRun = ({ idleLimit }) => {
      limits.push(idleLimit);
      return Promise.resolve();
    };
    await errorOf(build());
    const slow = images.map((image) => (image.name === 'demo' ? { ...image, timeLimit: 60_000 } : image));
    await errorOf(build({ images: slow, fresh: true }));
    expect(limits).toEqual([600_000, 600_000, 60_000, 60_000]);
  });

  it('that makes none is named with its limit, its last line and a remedy', async () => {
    const { build, engine } = setUp();
    engine.onRun = () =>
      Promise.reject(new CommandError('/bin/sh', { kind: 'idle', milliseconds: 600_000 }, ['waiting for y']));
    expect(await errorOf(build())).toMatchObject({
      message:
        'Cannot build image "demo": stage "one.sh" failed: no progress for 600 s (no output, and next to no use of processor, disk and network): waiting for y',
      remedy: 'Find out what it waits for; have it print what it does, or raise "time_limit"',
      tail: ['waiting for y'],
    });
  });
});

describe('executePlan', () => {
  it('ends a step that takes longer than a step may', async () => {
    const { site, images, engine, lines } = setUp();
    engine.onRun = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new CommandError('/bin/sh', { kind: 'aborted' }, [])));
      });
    const chain = imageChain(images, imageName('demo'));
    const paths = chain.flatMap(({ stages }) =>
      stages.flatMap((stage) => ('path' in stage ? stage.path : [])),
    );
    const inputs = new Map(
      await Promise.all(paths.map(async (path) => [path, await digestSource(path)] as const)),
    );
    const plan = planBuild(chain, inputs, { known: new Map() });
    const log = (line: string): void => void lines.push(line);
    const signal = new AbortController().signal;
    const options = { ...site, known: new Map(), inputs, log, signal, stepTimeLimit: 1500 };
    expect(await errorOf(executePlan(plan, options))).toMatchObject({
      code: 'build-failed',
      message: 'Cannot build image "demo": stage "one.sh" failed: it took longer than a step may',
    });
  });
});
