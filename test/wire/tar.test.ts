import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { extract } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { type TarEntry, tarArchive } from '../../src/wire/tar.ts';

const OWNER = { mode: 0o644, uid: 0, gid: 0 };

interface Read {
  readonly name: string;
  readonly type: string | null | undefined;
  readonly mode: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly mtime: number;
  readonly linkname: string | null | undefined;
  readonly device: string;
  readonly content: string;
}

/** The members as an independent implementation reads them. */
async function read(archive: Uint8Array): Promise<Read[]> {
  const members: Read[] = [];
  const reader = extract();
  reader.end(archive);
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    const { name, type, mode, uid, gid, mtime, linkname, devmajor, devminor } = entry.header;
    members.push({
      name,
      type,
      mode,
      uid,
      gid,
      linkname,
      mtime: mtime.getTime() / 1000,
      device: `${devmajor}:${devminor}`,
      content: Buffer.concat(chunks).toString(),
    });
  }
  return members;
}

function file(path: string, text = ''): TarEntry {
  return { ...OWNER, path, kind: 'file', content: Buffer.from(text) };
}

describe('a tar archive', () => {
  it('holds files, directories, links and devices as they are', async () => {
    const archive = tarArchive(
      [
        { path: 'etc', kind: 'directory', mode: 0o1755, uid: 1, gid: 2 },
        { path: 'etc/x', kind: 'file', mode: 0o4711, uid: 33, gid: 4, content: Buffer.from('hello') },
        { path: 'etc/y', kind: 'symlink', mode: 0o777, uid: 0, gid: 0, target: '../x' },
        { path: 'etc/z', kind: 'character-device', mode: 0, uid: 0, gid: 0, major: 0, minor: 0 },
      ],
      { mtime: 1_577_836_800 },
    );
    expect(archive.length % 512).toBe(0);
    const common = { mtime: 1_577_836_800, device: '0:0', content: '', linkname: null };
    expect(await read(archive)).toEqual([
      { ...common, name: 'etc/', type: 'directory', mode: 0o1755, uid: 1, gid: 2 },
      { ...common, name: 'etc/x', type: 'file', mode: 0o4711, uid: 33, gid: 4, content: 'hello' },
      { ...common, name: 'etc/y', type: 'symlink', mode: 0o777, uid: 0, gid: 0, linkname: '../x' },
      { ...common, name: 'etc/z', type: 'character-device', mode: 0, uid: 0, gid: 0 },
    ]);
  });

  it('of nothing is two blocks of zeros', () => {
    expect(Buffer.from(tarArchive([], { mtime: 0 })).equals(Buffer.alloc(1024))).toBe(true);
  });

  it('has the same bytes as before', () => {
    const archive = tarArchive([file('etc/hostname', 'web01\n'), file('a/'.repeat(200) + 'b')], { mtime: 1 });
    expect(createHash('sha256').update(archive).digest('hex')).toMatchInlineSnapshot(
      `"7265439f218db5e671e5ddf869a43115645e8a50139564f90c0b459dbe7af233"`,
    );
  });

  it('holds names and links of any length', async () => {
    const part = fc.stringMatching(/^[a-zé]{1,120}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 8 }),
        fc.string({ minLength: 1, maxLength: 300 }),
        async (parts, link) => {
          const path = parts.join('/');
          const target = link.replaceAll('\u0000', '0');
          const entries: TarEntry[] = [
            file(path, path),
            { ...OWNER, path, kind: 'symlink', target },
            { ...OWNER, path, kind: 'directory' },
          ];
          const [asFile, asLink, asDirectory] = await read(tarArchive(entries, { mtime: 0 }));
          expect(asFile).toMatchObject({ name: path, content: path });
          expect(asLink).toMatchObject({ name: path, linkname: Buffer.from(target).toString() });
          expect(asDirectory).toMatchObject({ name: `${path}/`, type: 'directory' });
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([99, 100, 101, 154, 155, 156, 255, 256, 257])('holds a name of %i bytes', async (length) => {
    for (const path of ['x'.repeat(length), `${'d/'.repeat(length).slice(0, length - 1)}f`]) {
      const [member] = await read(tarArchive([file(path, 'c')], { mtime: 0 }));
      expect(member).toMatchObject({ name: path, content: 'c' });
    }
  });

  it.each([0, 1, 2_097_151, 2_097_152, 4_294_967_294])('holds the owner %i', async (id) => {
    const [member] = await read(tarArchive([{ ...file('x'), uid: id, gid: id }], { mtime: 0 }));
    expect(member).toMatchObject({ uid: id, gid: id });
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('does not take the owner %d', (id) => {
    expect(() => tarArchive([{ ...file('x'), uid: id }], { mtime: 0 })).toThrow(RangeError);
  });
});
