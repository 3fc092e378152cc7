import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fragmentDigest,
  fragmentInput,
  parseFragmentInput,
} from '../../../src/build/containerfile/fragment.ts';
import { ignoredBy } from '../../../src/build/containerfile/ignored.ts';
import { globExpression } from '../../../src/build/glob.ts';
import { temporaryFolder } from '../../temporary.ts';

/** A folder with files, and the digest of its Containerfile. */
function folderOf(files: Readonly<Record<string, string>>) {
  const folder = join(temporaryFolder(), 'stage');
  const write = (more: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(more)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  write(files);
  const input = { path: join(folder, 'Containerfile'), environment: { BIVOUAC_ARCH: 'amd64' } };
  return { folder, write, digest: () => fragmentDigest(input) };
}

describe('the digest of a Containerfile', () => {
  it('changes with what it does and with what it copies, and with nothing else', async () => {
    const { write, digest } = folderOf({
      Containerfile: 'COPY a-*.txt dir /x/\nRUN one',
      'a-1.txt': '1',
      'b.txt': 'b',
      'dir/deep/c': 'c',
    });
    const before = await digest();
    write({
      Containerfile: '# a comment\n\nCOPY a-*.txt \\\n dir /x/\nLABEL a=b\nRUN one',
      'b.txt': 'changed',
    });
    expect(await digest()).toBe(before);
    const seen = new Set([before]);
    for (const change of [
      { 'a-1.txt': '2' },
      { 'a-2.txt': '' },
      { 'dir/deep/c': 'd' },
      { 'dir/e': '' },
      { '.containerignore': 'dir/deep' },
      { Containerfile: 'COPY --chmod=600 a-*.txt dir /x/\nRUN one' },
      { Containerfile: 'USER www\nCOPY a-*.txt dir /x/\nRUN one' },
      { Containerfile: 'ENV A=1\nCOPY a-*.txt dir /x/\nRUN one' },
    ]) {
      write(change);
      seen.add(await digest());
    }
    expect(seen.size).toBe(9);
  });

  it('is the same wherever the folder is', async () => {
    const files = { Containerfile: 'COPY . /x', a: 'a' };
    expect(await folderOf(files).digest()).toBe(await folderOf(files).digest());
  });

  it.each(['out', 'link/x', 'nothing*', 'dir/../../x', 'kept'])(
    'copies nothing from elsewhere: %s',
    async (source) => {
      const { folder, digest } = folderOf({
        Containerfile: `COPY ${source} /x`,
        kept: '',
        '.dockerignore': 'kept',
      });
      writeFileSync(join(folder, '../x'), 'x');
      symlinkSync('/etc/hostname', join(folder, 'out'));
      symlinkSync('..', join(folder, 'link'));
      await expect(digest()).rejects.toMatchObject({ code: 'config-invalid' });
    },
  );

  it('copies through links that stay inside', async () => {
    const { folder, write, digest } = folderOf({ Containerfile: 'COPY link/a /x', 'dir/a': '1' });
    symlinkSync('/dir', join(folder, 'link'));
    const before = await digest();
    write({ 'dir/a': '2' });
    expect(await digest()).not.toBe(before);
  });

  it('refuses a file with faults by its line', async () => {
    const { digest } = folderOf({ Containerfile: 'RUN a\nCMD b' });
    await expect(digest()).rejects.toThrow(/Containerfile": line 2: Cannot use CMD/);
    await expect(folderOf({ Containerfile: `RUN ${'x'.repeat(70_000)}` }).digest()).rejects.toThrow(
      /more than 65536 bytes/,
    );
  });

  it('stands for its file and environment among inputs', () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (path, environment) => {
        expect(parseFragmentInput(fragmentInput({ path, environment }))).toEqual({ path, environment });
      }),
    );
    expect(parseFragmentInput('/a/b')).toBeUndefined();
  });
});

describe('patterns of names', () => {
  it.each([
    ['a*.txt', ['a.txt', 'a-1.txt', 'a.b.txt'], ['b.txt', 'a/b.txt', 'a.txtx']],
    ['a?c', ['abc', 'a.c'], ['ac', 'a/c']],
    ['[a-c]x', ['ax', 'cx'], ['dx', 'x']],
    ['[!a]x', ['bx'], ['ax', '/x']],
    ['**/x', ['x', 'a/x', 'a/b/x'], ['xx', 'a/y']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a']],
    ['[z-a]', ['[z-a]'], ['z']],
    ['a+(b)|^$.{1}\\', ['a+(b)|^$.{1}\\'], ['aab']],
  ])('%s', (pattern, matching, others) => {
    const form = globExpression(pattern);
    expect(matching.filter((name) => !form.test(name))).toEqual([]);
    expect(others.filter((name) => form.test(name))).toEqual([]);
  });

  it('is the name itself where it has no signs', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, other) => {
        const plain = name.replaceAll(/[*?[]/g, '');
        expect(globExpression(plain).test(plain)).toBe(true);
        expect(globExpression(plain).test(other)).toBe(plain === other);
      }),
    );
  });

  it('ignores by the last line that speaks of a path', () => {
    const ignored = ignoredBy('# why\n/build/\n*.log\n!keep.log\n**/tmp\nsrc\n!src/main\n');
    const paths = [
      'build',
      'build/x',
      'a.log',
      'keep.log',
      'a/b.log',
      'a/tmp/x',
      'src/x',
      'src/main',
      'other',
    ];
    expect(paths.filter(ignored)).toEqual(['build', 'build/x', 'a.log', 'a/tmp/x', 'src/x']);
  });
});
