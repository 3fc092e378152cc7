import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { backgroundRunner, commandRunner } from '../../../src/adapters/command.ts';
import type { BuildGround, PrintedBuild } from '../build-ground.ts';
import { atLeast, atMost, type BenchCase, type BenchRow, secondsOf } from '../harness.ts';

const STAGE_TIME = /leaf stage: (\d+) ms/;

/** What is measured of builds whose leaf stage changed, or nothing. */
export const BUILD_ROWS = {
  overhead: {
    name: 'build-leaf-overhead',
    unit: 's',
    bar: atMost(5),
    work: '`bivouac build` of an image of 650 MB after its leaf stage changed, from the start of the process to its end with the release published, less what the stage itself took',
    figuresUnit: 's',
  },
  fetch: {
    name: 'build-leaf-fetch',
    unit: 'ratio',
    bar: atMost(1.2),
    work: 'bytes that a host with the release before has to fetch after that; against the changed files as a tar, zstd -9',
    figuresUnit: 'MB',
  },
  reference: {
    name: 'build-leaf-to-reference',
    unit: 'ratio',
    bar: atLeast(20),
    work: 'the same build; against the reference way, done once, in the first round: the same stage, a flat copy of the root, `mksquashfs -comp xz` of all, tar',
    figuresUnit: 's',
  },
  unchanged: {
    name: 'build-unchanged',
    unit: 's',
    bar: atMost(1.5),
    work: '`bivouac build` of that image with nothing changed, from the start of the process to its end; nothing is published',
  },
} as const satisfies Record<string, BenchRow>;

/** A build of the leaf, then one with nothing changed; in the first round also what the reference does for it. */
export function leafBuilds(ground: () => Promise<BuildGround>): BenchCase {
  let reference: number | undefined;
  return {
    rows: Object.values(BUILD_ROWS),
    measure: async (round) => {
      const site = await ground();
      const before = await site.build('leaf');
      site.change(round + 1);
      let text = '';
      const whole = await secondsOf(async () => {
        text = await site.run(['build', 'leaf', '--verbose']);
      });
      if (!text.includes('Published release')) throw new Error(`Nothing was published: ${text.slice(-500)}`);
      const stage = Number(STAGE_TIME.exec(text)?.[1]) / 1000;
      let printed = '';
      const unchanged = await secondsOf(async () => {
        printed = await site.run(['--json', 'build', 'leaf']);
      });
      const after = await site.built(printed);
      if (after.stepsRun > 0 || after.published)
        throw new Error('Expected nothing to do for the second build');
      reference ??= await referenceWay(site, after);
      return {
        [BUILD_ROWS.overhead.name]: { value: whole - stage, figures: { whole, stage } },
        [BUILD_ROWS.fetch.name]: await fetched(site, before, after),
        [BUILD_ROWS.reference.name]: {
          value: (stage + reference) / whole,
          figures: { bivouac: whole, 'reference way': stage + reference },
        },
        [BUILD_ROWS.unchanged.name]: { value: unchanged },
      };
    },
  };
}

/** What the host lacks, beside what the stage wrote. */
async function fetched(ground: BuildGround, before: PrintedBuild, after: PrintedBuild) {
  const had = new Set(before.files.map(({ digest }) => digest));
  const missing = after.files.filter(({ digest }) => !had.has(digest));
  if (missing.length !== 1) throw new Error(`Expected one new file, got ${missing.length}`);
  const folder = (await foldersOf(ground, after)).at(-1) ?? '';
  const packed = join(ground.path, 'changed.tar.zst');
  await commandRunner.run([
    'tar',
    '--create',
    `--file=${packed}`,
    '--use-compress-program=zstd -9',
    `--directory=${folder}`,
    'srv/app',
  ]);
  const [fetches, changed] = [missing.reduce((sum, { size }) => sum + size, 0), readFileSync(packed).length];
  return { value: fetches / changed, figures: { fetched: fetches / 1e6, 'changed files': changed / 1e6 } };
}

async function foldersOf(ground: BuildGround, { layers }: PrintedBuild): Promise<readonly string[]> {
  const top = layers.at(-1);
  if (top === undefined) throw new Error('The release has no layers');
  return await ground.folders(top);
}

/**
 * Seconds of the reference way for a root whose last stage has run: a flat copy, one squashfs of all by xz, a tar of it. At
 * the priority that builds have, so that what else runs here slows both alike.
 */
async function referenceWay(ground: BuildGround, build: PrintedBuild): Promise<number> {
  const at = (name: string): string => join(ground.path, name);
  const folders = await foldersOf(ground, build);
  mkdirSync(at('merged'));
  await commandRunner.run([
    'mount',
    '-t',
    'overlay',
    'overlay',
    '-o',
    `ro,lowerdir=${folders.toReversed().join(':')}`,
    at('merged'),
  ]);
  try {
    return await secondsOf(async () => {
      await backgroundRunner.run(['cp', '--archive', at('merged'), at('flat')]);
      const options = [
        '-noappend',
        '-always-use-fragments',
        '-comp',
        'xz',
        '-no-exports',
        '-quiet',
        '-no-progress',
      ];
      await backgroundRunner.run(['mksquashfs', at('flat'), at('rootfs.img'), ...options]);
      await backgroundRunner.run([
        'tar',
        '--create',
        `--file=${at('rootfs.tgz')}`,
        `--directory=${ground.path}`,
        'rootfs.img',
      ]);
    });
  } finally {
    await requireSize(at('flat'));
    await commandRunner.run(['umount', at('merged')]);
    for (const name of ['flat', 'rootfs.img', 'rootfs.tgz'])
      rmSync(at(name), { recursive: true, force: true });
  }
}

/** The bar is about an image of 650 MB. */
async function requireSize(folder: string): Promise<void> {
  const { stdout } = await commandRunner.run(['du', '--summarize', '--bytes', folder]);
  const megabytes = Number(stdout.split('\t')[0]) / 1e6;
  if (megabytes < 600 || megabytes > 800) throw new Error(`The image has ${megabytes} MB, wanted 650`);
}

const SAME_BYTES: BenchRow = {
  name: 'build-same-bytes',
  unit: 'layers',
  bar: atMost(0),
  work: 'that image built in another data directory with the same signing key, from mmdebstrap on: layers, kernel and initramfs that are not the same bytes',
};

/** How many files of the release differ when all is built once more elsewhere; once, as it takes minutes. */
export function sameBytes(ground: () => Promise<BuildGround>): BenchCase {
  return {
    rows: [SAME_BYTES],
    rounds: 1,
    measure: async () => {
      const site = await ground();
      site.shareKeys();
      const [first, second] = [await site.build('leaf'), await site.build('leaf', 'other')];
      if (second.files.length !== first.files.length)
        throw new Error('The releases have not the same stages');
      const differ = second.files.filter(({ digest }, index) => digest !== first.files[index]?.digest);
      return { [SAME_BYTES.name]: { value: differ.length } };
    },
  };
}
