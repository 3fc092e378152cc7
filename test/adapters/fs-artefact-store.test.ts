import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FsArtefactStore } from '../../src/adapters/fs-artefact-store.ts';
import { processIdentity } from '../../src/adapters/process-identity.ts';
import { digest } from '../builders.ts';
import { temporaryFolder } from '../temporary.ts';

const HELLO = Buffer.from('hello');
const HELLO_HEX = createHash('sha256').update(HELLO).digest('hex');

async function setUp() {
  const folder = temporaryFolder();
  const store = await FsArtefactStore.open(join(folder, 'artefacts'));
  return { folder, store, temporary: join(folder, 'artefacts/tmp') };
}

describe('FsArtefactStore', () => {
  it('keeps bytes under their digest, readable and not writable', async () => {
    const { store, folder, temporary } = await setUp();
    const ref = await store.putBytes(HELLO);
    expect(ref).toEqual({ digest: `sha256:${HELLO_HEX}`, size: 5 });
    const path = join(folder, 'artefacts/sha256', HELLO_HEX.slice(0, 2), HELLO_HEX);
    expect(readFileSync(path)).toEqual(HELLO);
    expect(statSync(path).mode & 0o777).toBe(0o444);
    expect(await store.stat(ref.digest)).toEqual(ref);
    expect(Buffer.from(await store.readAll(ref.digest, 5))).toEqual(HELLO);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('takes over a file, also one that it has already', async () => {
    const { store, folder } = await setUp();
    for (const name of ['a', 'b']) {
      const path = join(folder, name);
      writeFileSync(path, HELLO);
      expect((await store.adopt(path)).digest).toBe(`sha256:${HELLO_HEX}`);
      expect(existsSync(path)).toBe(false);
    }
  });

  it('takes over a file of another file system', async () => {
    const { store } = await setUp();
    const path = `/dev/shm/bivouac-test-${process.pid}`;
    writeFileSync(path, HELLO);
    expect((await store.adopt(path)).size).toBe(5);
    expect(existsSync(path)).toBe(false);
  });

  it('survives many writers of one artefact', async () => {
    const { store } = await setUp();
    const refs = await Promise.all(Array.from({ length: 20 }, () => store.putBytes(HELLO)));
    expect(new Set(refs.map((ref) => ref.digest)).size).toBe(1);
  });

  it('mends a file that was changed when the same bytes come again', async () => {
    const { store } = await setUp();
    const { digest: name } = await store.putBytes(HELLO);
    chmodSync(store.pathOf(name), 0o644);
    writeFileSync(store.pathOf(name), 'hallo');
    await store.putBytes(HELLO);
    expect(readFileSync(store.pathOf(name))).toEqual(HELLO);
    expect(statSync(store.pathOf(name)).mode & 0o777).toBe(0o444);
  });

  it('reads parts', async () => {
    const { store } = await setUp();
    const { digest: name } = await store.putBytes(HELLO);
    const artefact = await store.open(name);
    const target = new Uint8Array(4);
    expect(await artefact.read(target, 1)).toBe(4);
    expect(Buffer.from(target).toString()).toBe('ello');
    expect(await artefact.read(target, 3)).toBe(2);
    expect(await artefact.read(target, 9)).toBe(0);
    await artefact.close();
  });

  it('tells what is absent and what is too large', async () => {
    const { store } = await setUp();
    expect(await store.stat(digest('a'))).toBeUndefined();
    await expect(store.open(digest('a'))).rejects.toMatchObject({ code: 'not-found' });
    const { digest: name } = await store.putBytes(HELLO);
    await expect(store.readAll(name, 4)).rejects.toMatchObject({ code: 'too-large' });
  });

  it.each([
    ['link to a file elsewhere', (path: string) => symlinkSync('/etc/hostname', path)],
    ['FIFO', (path: string) => execFileSync('mkfifo', [path])],
    ['folder', (path: string) => mkdirSync(path)],
  ])('T5: a %s in the place of an artefact is not served', async (_what, put) => {
    const { store } = await setUp();
    const path = store.pathOf(digest('a'));
    mkdirSync(dirname(path), { recursive: true });
    put(path);
    await expect(store.open(digest('a'))).rejects.toThrow(/ELOOP|it is no file/);
  });

  it('reports a file that cannot be taken over and leaves nothing behind', async () => {
    const { store, folder, temporary } = await setUp();
    await expect(store.adopt(join(folder, 'none'))).rejects.toMatchObject({ code: 'storage' });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('removes what dead writers left, not what live ones write', async () => {
    const { folder, temporary } = await setUp();
    mkdirSync(temporary, { recursive: true });
    const live = `${(processIdentity(process.pid) ?? '').replaceAll('/', '_')}-99`;
    for (const name of ['0000_999999_1-1', 'junk', live]) writeFileSync(join(temporary, name), '');
    await FsArtefactStore.open(join(folder, 'artefacts'));
    expect(readdirSync(temporary)).toEqual([live]);
  });
});
