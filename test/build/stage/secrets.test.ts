import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandError } from '../../../src/core/command-error.ts';
import { errorOf, setUp } from '../build-test.ts';

const TOKEN = 'correct horse battery';

/** A site whose image `demo` has this file as secret `token`. */
function withSecret(content: string | undefined) {
  const site = setUp();
  const path = join(site.folder, 'token');
  if (content !== undefined) writeFileSync(path, content);
  const images = site.images.map((image) =>
    image.name === 'demo' ? { ...image, secrets: [{ name: 'token', path }] } : image,
  );
  return { ...site, path, build: () => site.build({ images }) };
}

describe('the secrets of a stage', () => {
  it('are given to what it runs, and are neither in the log nor in what is kept', async () => {
    const { build, engine, lines, cache } = withSecret(`${TOKEN}\n`);
    const seen: unknown[] = [];
    const run = engine.onRun;
    engine.onRun = async (command, root) => {
      seen.push(command.secrets?.map(({ name, content }) => [name, content.toString()]));
      command.log(`login ${TOKEN}`);
      await run(command, root);
    };
    const { release } = await build();
    expect(seen).toEqual([[['token', `${TOKEN}\n`]], [['token', `${TOKEN}\n`]]]);
    expect(lines.filter((line) => line.includes('login'))).toEqual(['    login ***', '    login ***']);
    const kept = await Promise.all(
      release.release.layers.map(({ contentId }) => cache.find(contentId as never)),
    );
    expect(JSON.stringify([lines, release, kept])).not.toContain(TOKEN);
  });

  it('are in no error', async () => {
    const { build, engine } = withSecret(TOKEN);
    engine.onRun = () =>
      Promise.reject(new CommandError('/bin/sh', { kind: 'exit', exitCode: 1 }, [`no ${TOKEN}`]));
    const error = await errorOf(build());
    expect(error).toMatchObject({
      message: 'Cannot build image "demo": stage "one.sh" failed: exit code 1: no ***',
      tail: ['no ***'],
      exitCode: 1,
    });
    expect((error as Error).cause).not.toHaveProperty('cause');
  });

  it('must not be in a layer', async () => {
    const { build, engine } = withSecret(TOKEN);
    engine.onRun = (_command, root) => {
      mkdirSync(join(root, 'srv'), { recursive: true });
      writeFileSync(join(root, 'srv/config'), `password=${TOKEN}`);
      return Promise.resolve();
    };
    expect(await errorOf(build())).toMatchObject({
      message:
        'Cannot build image "demo": stage "one.sh" failed: Cannot keep the layer: "/srv/config" holds secret "token"',
      remedy: 'Read it from /run/secrets where it is needed, or remove the file in the same stage',
    });
    expect(engine.open.size).toBe(0);
    expect([...engine.images.keys()].filter((id) => id.includes('image-2'))).toEqual([]); // the bootstrap alone
  });

  it.each([
    [undefined, /^Cannot read secret "token" of image "demo" from ".*token": ENOENT/],
    ['short', /^Cannot use secret "token": it has 5 characters/],
    ['x'.repeat(65_537), /: it has 65537 bytes$/],
  ])('are read before anything is done', async (content, message) => {
    const { build, ran, engine } = withSecret(content);
    expect(await errorOf(build())).toMatchObject({ message: expect.stringMatching(message) as string });
    expect(ran).not.toContain('mmdebstrap');
    expect(engine.images.size).toBe(0);
  });
});
