import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBuildahEngine } from '../../src/adapters/buildah.ts';
import { CommandError } from '../../src/core/command-error.ts';
import type { Argv, CommandRunner } from '../../src/ports/command.ts';
import { containerImageId } from '../fakes/container-engine.ts';
import { temporaryFolder } from '../temporary.ts';

/** A storage in which a killed build left a container, and a buildah that fails the first `failures` times. */
async function engineWithLeftovers(failures: number) {
  const directory = temporaryFolder();
  const containers = join(directory, 'root/overlay-containers');
  mkdirSync(containers, { recursive: true });
  writeFileSync(
    join(containers, 'containers.json'),
    '[{"id": "left", "names": ["bivouac-0123456789ab-1"], "layer": "ab"}]',
  );
  const calls: Argv[] = [];
  const commands: CommandRunner = {
    run: (argv) => {
      calls.push(argv);
      if (calls.length > failures) return Promise.resolve({ stdout: '' });
      return Promise.reject(
        new CommandError('buildah', { kind: 'exit', exitCode: 125 }, ['Error: busy', 'level=warning']),
      );
    },
    start: () => Promise.reject(new Error('not used here')),
  };
  return { calls, engine: await openBuildahEngine({ directory, commands }) };
}

describe('cleanUp() of the build engine', () => {
  test('tries again while buildah heals its storage', async () => {
    const { engine, calls } = await engineWithLeftovers(2);
    const owners = await engine.owners();
    expect(owners).toEqual(['0123456789ab']);
    for (const owner of owners) await engine.cleanUp(owner);
    expect(calls.map((argv) => argv.slice(-2))).toEqual(Array.from({ length: 3 }, () => ['rm', 'left']));
  });

  test('gives up with what buildah said, not with a warning after it', async () => {
    const { engine } = await engineWithLeftovers(99);
    const cleanUp = async (): Promise<void> => {
      for (const owner of await engine.owners()) await engine.cleanUp(owner);
    };
    await expect(cleanUp()).rejects.toThrow('exit code 125: Error: busy');
  });
});

test('an image whose files are gone does not exist, whatever the list of the storage says', async () => {
  const directory = temporaryFolder();
  const [image, layer] = [containerImageId('image'), 'a'.repeat(64)];
  const files = join(directory, 'root/overlay', layer, 'diff');
  mkdirSync(join(directory, 'root/overlay-images'), { recursive: true });
  mkdirSync(files, { recursive: true });
  writeFileSync(
    join(directory, 'root/overlay-images/images.json'),
    JSON.stringify([{ id: image, layer, names: [] }]),
  );
  const commands: CommandRunner = {
    run: () => Promise.resolve({ stdout: '' }),
    start: () => Promise.reject(new Error('not used here')),
  };
  const engine = await openBuildahEngine({ directory, commands });
  expect(await engine.exists(image)).toBe(true);
  rmSync(files, { recursive: true });
  expect(await engine.exists(image)).toBe(false);
});
