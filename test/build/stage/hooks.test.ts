import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CommandError } from '../../../src/core/command-error.ts';
import { errorOf, setUp } from '../build-test.ts';

/** A site whose image `demo` has hooks, and the scripts that were run, by their text. */
function withHooks() {
  const site = setUp({ 'one.sh': 'one' });
  const hook = (name: string) => {
    const path = join(site.folder, 'images', name);
    writeFileSync(path, name);
    return { name, path };
  };
  const hooks = { before: hook('first.sh'), after: hook('last.sh') };
  const images = site.images.map((image) => (image.name === 'demo' ? { ...image, hooks } : image));
  const scripts: string[] = [];
  const run = site.engine.onRun;
  site.engine.onRun = async (command, root) => {
    const text = readFileSync(join(root, 'run/bivouac-stage'), 'utf8');
    const { BIVOUAC_STAGE, BIVOUAC_HOOK } = command.environment;
    scripts.push([text, BIVOUAC_STAGE, BIVOUAC_HOOK].join(' '));
    await run(command, root);
    if (text === failing) throw new CommandError('/bin/sh', { kind: 'exit', exitCode: 3 }, ['no luck']);
  };
  let failing = '';
  const fail = (text: string): void => {
    failing = text;
  };
  return { ...site, hooks, scripts, fail, build: () => site.build({ images }) };
}

test('hooks are run before and after each stage, and are told which', async () => {
  const { build, scripts, hooks } = withHooks();
  await build();
  expect(scripts).toEqual(['first.sh one.sh before', 'one one.sh ', 'last.sh one.sh after']);
  expect((await build()).stepsRun).toBe(0);
  writeFileSync(hooks.after.path, 'other');
  expect((await build()).stepsRun).toBeGreaterThan(0);
  expect(scripts.at(-1)).toBe('other one.sh after');
});

test('a hook that fails fails the stage, with its name and its last line', async () => {
  const { build, scripts, fail } = withHooks();
  fail('first.sh');
  expect(await errorOf(build())).toMatchObject({
    message:
      'Cannot build image "demo": stage "one.sh" failed: Cannot run hook "first.sh": exit code 3: no luck',
    exitCode: 3,
    tail: ['no luck'],
  });
  expect(scripts).toHaveLength(1);
});

test('a hook that is edited while it is run is not kept under what it was', async () => {
  const { build, hooks, engine } = withHooks();
  const run = engine.onRun;
  engine.onRun = async (command, root) => {
    writeFileSync(hooks.after.path, `edited ${Math.random()}`);
    await run(command, root);
  };
  expect(await errorOf(build())).toMatchObject({
    message: expect.stringMatching(/last\.sh" was changed while the stage ran$/) as string,
  });
});
