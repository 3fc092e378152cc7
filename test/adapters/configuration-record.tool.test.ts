import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { configurationRecord } from '../../src/adapters/configuration-record.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';

const TREE = 'trixie: {}\n';

/** A repository with the tree of images in a folder of it, and one commit. */
async function repository(...init: readonly string[]): Promise<{ images: string; commit: string }> {
  const folder = temporaryFolder();
  const images = join(folder, 'site/images');
  mkdirSync(images, { recursive: true });
  writeFileSync(join(images, 'config.yml'), TREE);
  const git = async (...argv: readonly string[]): Promise<string> => {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@b.example'];
    return (await commandRunner.run(['git', '-C', folder, ...who, ...argv])).stdout.trim();
  };
  await git('init', '--quiet', ...init);
  // What a hostile repository would have git start.
  await git('config', 'core.fsmonitor', join(folder, 'monitor'));
  writeFileSync(join(folder, 'monitor'), `#!/bin/sh\ntouch ${folder}/started\n`);
  chmodSync(join(folder, 'monitor'), 0o755);
  await git('-c', 'core.fsmonitor=false', 'add', '.');
  await git('-c', 'core.fsmonitor=false', 'commit', '--quiet', '--message', 'tree');
  return { images, commit: await git('rev-parse', 'HEAD') };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describeWith(['git'], 'what images are described in', () => {
  it.each([[], ['--object-format=sha256']])(
    'has the commit that has the file as it is %s',
    async (...init) => {
      const { images, commit } = await repository(...init);
      expect(await configurationRecord(images, commandRunner)).toEqual({ sha256: sha256(TREE), commit });
      expect(existsSync(join(images, '../../started'))).toBe(false);
      await commandRunner.run(['chown', '--recursive', '1234', join(images, '../..')]).catch(() => undefined);
      expect(await configurationRecord(images, commandRunner)).toEqual({ sha256: sha256(TREE), commit });
      writeFileSync(join(images, 'config.yml'), 'sid: {}\n');
      expect(await configurationRecord(images, commandRunner)).toEqual({ sha256: sha256('sid: {}\n') });
    },
  );

  it('is known by its digest alone where it is in no repository, and not at all where it is not there', async () => {
    const folder = temporaryFolder();
    expect(await configurationRecord(folder, commandRunner)).toBeUndefined();
    writeFileSync(join(folder, 'config.yml'), TREE);
    expect(await configurationRecord(folder, commandRunner)).toEqual({ sha256: sha256(TREE) });
  });
});
