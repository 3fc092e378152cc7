import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import { SquashfsLayerFiles } from '../../../src/adapters/squashfs/layer-files.ts';
import { ListingCache } from '../../../src/adapters/squashfs/listing-cache.ts';
import { isThere, type RootNode, rootView } from '../../../src/build/contents/root-view.ts';
import type { Digest } from '../../../src/core/artefact.ts';
import type { LayerEntry } from '../../../src/core/layer-entry.ts';
import { describeWith } from '../../requirements.ts';
import { temporaryFolder } from '../../temporary.ts';
import { type Change, linesOfTree, OverlayStack, squash } from './overlay-stack.ts';

const NAMES = ['a', 'b', 'c', 'd e', 'ü'] as const;
const path = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('/'));
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('folder'), path }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('write'), path, text: fc.constantFrom('', 'x', 'y') }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), path }) },
  fc.record({ kind: fc.constant('rename'), path, to: path }),
  fc.record({ kind: fc.constant('link'), path, target: fc.constantFrom('a', '/b/c', '../c') }),
  fc.record({ kind: fc.constant('mode'), path, mode: fc.constantFrom(0o700, 0o755) }),
  fc.record({ kind: fc.constant('owner'), path, uid: fc.constantFrom(0, 7) }),
);

async function open() {
  const folder = temporaryFolder();
  const artefacts = await FsArtefactStore.open(join(folder, 'artefacts'));
  const cacheFolder = join(folder, 'listings');
  const isKept = async (layer: Digest): Promise<boolean> => (await artefacts.stat(layer)) !== undefined;
  const cache = new ListingCache(cacheFolder, isKept);
  const files = new SquashfsLayerFiles({ artefacts, commands: commandRunner, cache });
  const layerOf = async (source: string): Promise<Digest> =>
    (await artefacts.adopt(squash(source, join(folder, 'layer')))).digest;
  return { folder, artefacts, cacheFolder, files, layerOf };
}

/** Lines as `linesOfTree` writes them; contents are told by their digest. */
function linesOfView(node: RootNode): readonly string[] {
  const children = [...node.children].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, child]) => child);
  return children.filter(isThere).flatMap((child) => {
    const { entry } = child;
    const mode = entry.mode.toString(8);
    const head = `${entry.path} ${entry.kind} ${mode} ${entry.uid}:${entry.gid} ${contentOf(entry)}`;
    return [head, ...linesOfView(child)];
  });
}

const TEXTS = new Map(
  ['', 'x', 'y'].map((text) => [`sha256:${createHash('sha256').update(text).digest('hex')}`, text]),
);

function contentOf(entry: LayerEntry): string {
  if (entry.kind === 'file') return TEXTS.get(entry.digest) ?? entry.digest;
  return entry.kind === 'symlink' ? entry.target : '';
}

describeWith(['root', 'mksquashfs', 'sqfs2tar', 'mount'], 'files of layers', () => {
  it('lays layers over each other as overlayfs does', { timeout: 120_000 }, async () => {
    const { files, layerOf } = await open();
    const layers = fc.array(fc.array(change, { minLength: 1, maxLength: 25 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(layers, async (changes) => {
        const stack = new OverlayStack(temporaryFolder());
        try {
          const digests: Digest[] = [];
          for (const layer of changes) digests.push(await layerOf(stack.addLayer(layer)));
          const lists = await Promise.all(digests.map((digest) => files.list(digest)));
          expect(linesOfView(rootView(lists))).toEqual(stack.withRoot((root) => linesOfTree(root)));
        } finally {
          stack.remove();
        }
      }),
      { numRuns: 15 },
    );
  });

  it('tells devices, hard links, attributes and names of any kind', async () => {
    const { folder, files, layerOf } = await open();
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'one\ntwo -> three'), 'hi\n');
    execFileSync('ln', [join(source, 'one\ntwo -> three'), join(source, 'twin')]);
    execFileSync('mknod', [join(source, 'null'), 'c', '1', '3']);
    execFileSync('mknod', [join(source, 'gone'), 'c', '0', '0']);
    execFileSync('mkfifo', [join(source, 'fifo')]);
    writeFileSync(join(source, 'ping'), '');
    execFileSync('setcap', ['cap_net_raw+ep', join(source, 'ping')]);
    symlinkSync('x -> y', join(source, 'link'));
    mkdirSync(join(source, 'long'.repeat(40)));
    const entries = await files.list(await layerOf(source));
    expect(Object.fromEntries(entries.map((entry) => [entry.path, entry]))).toMatchObject({
      'one\ntwo -> three': { kind: 'file', size: 3 },
      twin: { kind: 'file', size: 3 },
      null: { kind: 'device', device: 'character', number: '1:3' },
      gone: { kind: 'whiteout' },
      fifo: { kind: 'fifo' },
      ping: { kind: 'file', attributes: expect.stringMatching(/^sha256:/) },
      link: { kind: 'symlink', target: 'x -> y' },
      ['long'.repeat(40)]: { kind: 'directory' },
    });
    expect(entries).toHaveLength(8);
  });

  it('remembers a list, makes a damaged one again, and forgets those of layers that are gone', async () => {
    const { folder, artefacts, cacheFolder, files, layerOf } = await open();
    const source = join(folder, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'one'), '1');
    const first = await layerOf(source);
    const entries = await files.list(first);
    const [kept] = readdirSync(cacheFolder);
    truncateSync(join(cacheFolder, kept ?? ''), 20);
    expect(await files.list(first)).toEqual(entries);
    execFileSync('rm', [artefacts.pathOf(first)]);
    expect(await files.list(first)).toEqual(entries); // from the cache
    writeFileSync(join(source, 'two'), '2');
    await files.list(await layerOf(source));
    expect(existsSync(join(cacheFolder, kept ?? ''))).toBe(false);
    await expect(files.list(first)).rejects.toMatchObject({ code: 'not-found' });
  });

  it('fails where a layer is damaged', async () => {
    const { artefacts, files } = await open();
    const { digest } = await artefacts.putBytes(Buffer.from('no squashfs'));
    await expect(files.list(digest)).rejects.toThrow('Cannot run "sqfs2tar"');
  });

  it('reads the texts of one folder', async () => {
    const { folder, files, layerOf } = await open();
    const source = join(folder, 'source');
    mkdirSync(join(source, 'etc/sub'), { recursive: true });
    writeFileSync(join(source, 'etc/one'), 'first\n');
    writeFileSync(join(source, 'etc/sub/two'), 'second\n');
    writeFileSync(join(source, 'three'), 'third\n');
    writeFileSync(join(source, 'etc/two'), 'other\n');
    const seen: string[][] = [];
    const where = { folder: 'etc', ending: 'ne' };
    await files.visitTexts(await layerOf(source), where, (name, text) => seen.push([name, text]));
    expect(seen).toEqual([['one', 'first\n']]);
  });
});
