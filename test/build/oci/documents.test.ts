import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { blobPath, ociDocuments } from '../../../src/build/oci/documents.ts';
import { whiteoutFiles } from '../../../src/build/oci/layer-tar.ts';
import { parseAttributes } from '../../../src/build/oci/overlay-layer.ts';
import type { Digest } from '../../../src/core/artefact.ts';
import { artefact, digest } from '../../builders.ts';

interface Named {
  readonly digest: Digest;
}

interface Document {
  readonly manifests?: readonly Named[];
  readonly config?: Named;
  readonly layers?: readonly Named[];
}

function parseDocument(text = '{}'): Document {
  return JSON.parse(text) as Document;
}

describe('a container image', () => {
  it('is documents that name each other by digest', () => {
    const layers = [{ blob: artefact('1'), diffId: digest('2') }];
    const documents = ociDocuments(layers, { architecture: 'arm64', command: ['/bin/sh'] });
    const read = new Map(documents.map(({ path, text }) => [path, text]));
    for (const { path, text } of documents.filter((document) => document.path.startsWith('blobs/'))) {
      expect(path).toBe(`blobs/sha256/${createHash('sha256').update(text).digest('hex')}`);
    }
    expect(JSON.parse(read.get('oci-layout') ?? '')).toEqual({ imageLayoutVersion: '1.0.0' });
    const index = parseDocument(read.get('index.json'));
    const [entry] = index.manifests ?? [];
    expect(entry).toMatchObject({
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      annotations: { 'org.opencontainers.image.ref.name': 'latest' },
    });
    const manifest = parseDocument(read.get(blobPath(entry?.digest ?? digest())));
    expect(manifest.layers).toEqual([
      { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...artefact('1') },
    ]);
    const config = parseDocument(read.get(blobPath(manifest.config?.digest ?? digest())));
    expect(config).toMatchObject({
      architecture: 'arm64',
      config: { Cmd: ['/bin/sh'], Env: [expect.stringMatching(/^PATH=/)] },
      rootfs: { type: 'layers', diff_ids: [digest('2')] },
    });
  });

  it('has names that stand for removals', () => {
    expect(whiteoutFiles({ whiteouts: ['a', 'b/c'], opaque: ['d', 'e/f'] })).toEqual([
      '.wh.a',
      'b/.wh.c',
      'd/.wh..wh..opq',
      'e/f/.wh..wh..opq',
    ]);
  });

  it('reads attributes of any file name', () => {
    const text =
      '# file: /l/a\\303\\244 b\ntrusted.overlay.opaque\n\n# file: /l/c\ntrusted.overlay.redirect="x"\n\n';
    expect(parseAttributes(text)).toEqual([
      { path: '/l/aä b', name: 'trusted.overlay.opaque' },
      { path: '/l/c', name: 'trusted.overlay.redirect' },
    ]);
    expect(parseAttributes('')).toEqual([]);
  });
});
