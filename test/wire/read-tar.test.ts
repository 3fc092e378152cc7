import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTar } from '../../src/wire/read-tar.ts';
import { type TarEntry, tarArchive } from '../../src/wire/tar.ts';
import { temporaryFolder } from '../temporary.ts';

const LIMITS = { entries: 1000 };

const name = fc
  .array(fc.stringMatching(/^[a-zä€ _.-]{1,90}$/), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));
const place = fc.record({
  path: name,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.nat(4_000_000_000),
  gid: fc.nat(4_000_000_000),
  mtime: fc.nat(4_000_000_000),
});
const attributes = fc.dictionary(fc.stringMatching(/^user\.[a-z]{1,9}$/), fc.uint8Array({ maxLength: 40 }), {
  minKeys: 1,
  maxKeys: 3,
});
const device = fc.record({ major: fc.nat(4095), minor: fc.nat(1_000_000) });
const entry: fc.Arbitrary<TarEntry> = fc.oneof(
  fc
    .tuple(place, fc.uint8Array({ maxLength: 1500 }))
    .map(([at, content]): TarEntry => ({ ...at, kind: 'file', content: Buffer.from(content) })),
  fc.tuple(place, attributes).map(
    ([at, named]): TarEntry => ({
      ...at,
      kind: 'file',
      content: Buffer.from('x'),
      attributes: new Map(Object.entries(named).map(([key, value]) => [key, Buffer.from(value)])),
    }),
  ),
  place.map((at): TarEntry => ({ ...at, kind: 'directory' })),
  place.map((at): TarEntry => ({ ...at, kind: 'fifo' })),
  fc.tuple(place, name).map(([at, target]): TarEntry => ({ ...at, kind: 'symlink', target })),
  fc.tuple(place, name).map(([at, target]): TarEntry => ({ ...at, kind: 'hard-link', target })),
  fc.tuple(place, device).map(([at, numbers]): TarEntry => ({ ...at, kind: 'character-device', ...numbers })),
  fc.tuple(place, device).map(([at, numbers]): TarEntry => ({ ...at, kind: 'block-device', ...numbers })),
);

describe('reading a tar archive', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), (entries) => {
        expect(readTar(tarArchive(entries, { mtime: 0 }), LIMITS)).toEqual(entries);
      }),
    );
  });

  it('reads what GNU tar writes, long names, links and extended headers included', () => {
    const folder = temporaryFolder();
    const long = 'deep/'.repeat(60);
    mkdirSync(join(folder, long), { recursive: true });
    writeFileSync(join(folder, long, 'file'), 'hello');
    linkSync(join(folder, long, 'file'), join(folder, 'other'));
    for (const format of ['pax', 'gnu']) {
      const archive = execFileSync('tar', ['-c', `--format=${format}`, '--sort=name', '-C', folder, '.']);
      const entries = readTar(archive, LIMITS);
      const file = entries.find(({ kind }) => kind === 'file');
      const link = entries.find(({ kind }) => kind === 'hard-link');
      expect(file?.path).toBe(`./${long}file`);
      expect(link).toMatchObject({ path: './other', target: `./${long}file` });
    }
  });

  it('never throws anything but a RangeError, whatever the bytes', () => {
    const good = tarArchive(
      [{ path: 'a', mode: 0o644, uid: 0, gid: 0, kind: 'file', content: Buffer.from('hello') }],
      { mtime: 0 },
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 5 }),
        fc.nat(good.length),
        (changes, length) => {
          const bytes = Buffer.from(good.subarray(0, length));
          for (const [at, value] of changes) if (at < length) bytes[at] = value;
          try {
            readTar(bytes, LIMITS);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
    );
  });

  it('refuses more members than it may read', () => {
    const entries = Array.from(
      { length: 4 },
      (_, at): TarEntry => ({ path: `${at}`, mode: 0, uid: 0, gid: 0, kind: 'fifo' }),
    );
    expect(() => readTar(tarArchive(entries, { mtime: 0 }), { entries: 3 })).toThrow('more than 3');
  });
});
