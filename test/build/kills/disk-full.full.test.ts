import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { CommandError } from '../../../src/core/command-error.ts';
import { describeWith } from '../../requirements.ts';
import { KILL_TOOLS, KillSite } from './kill-site.ts';

const KIBIBYTE = 1024;

/** What is free when the build begins: from too little for anything to enough for all but the last. */
const FREE = [8, 64, 512, 2048, 3072, 4096, 16_384] as const;

describeWith([...KILL_TOOLS, 'mkfs.ext4', 'fallocate'], 'a build on a disk that is full', () => {
  const site = new KillSite();
  const disk = `/dev/shm/bivouac-${process.pid}.img`;
  const ballast = join(site.data, 'ballast');

  beforeAll(async () => {
    await site.prepare(async (data) => {
      await commandRunner.run(['truncate', '--size=128M', disk]);
      await commandRunner.run(['mkfs.ext4', '-q', '-m', '0', '-N', '16384', disk]);
      await commandRunner.run(['mount', '-o', 'loop', disk, data]);
    });
    await site.bivouac('build', 'demo');
  });

  afterAll(async () => {
    await site.remove();
    rmSync(disk);
  });

  const fill = async (kibibytes: number): Promise<void> => {
    const { bavail, bsize } = statfsSync(site.data);
    const size = bavail * bsize - kibibytes * KIBIBYTE;
    await commandRunner.run(['fallocate', '--length', String(size), ballast]);
  };

  it.each(FREE)(
    'with %i KiB free fails or publishes; the old release stays, the next build succeeds',
    async (kibibytes) => {
      const before = await site.current();
      site.change();
      await fill(kibibytes);
      const failure = await failureOf(site.bivouac('build', 'demo'));
      rmSync(ballast);
      console.log(kibibytes, failure ?? 'published');
      if (failure === undefined) expect(await site.current()).not.toBe(before);
      else {
        expect(failure).toMatch(/no space left|disk is full|MB left|room left/i);
        expect(await site.current()).toBe(before);
      }
      expect(await site.faults()).toEqual([]);
      await site.bivouac('build', 'demo');
      expect(await site.current()).not.toBe(before);
      await site.bivouac('gc', '--keep', '1');
      expect([...(await site.faults()), ...(await site.leftovers())]).toEqual([]);
    },
  );
});

/** What a command that failed said last. */
async function failureOf(command: Promise<string>): Promise<string | undefined> {
  try {
    await command;
    return undefined;
  } catch (error) {
    if (error instanceof CommandError) return error.tail.join('\n');
    throw error;
  }
}
