import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FileChange, rootDiff } from '../../../src/build/contents/root-diff.ts';
import { lookUp, rootView } from '../../../src/build/contents/root-view.ts';
import { type Digest, parseDigest } from '../../../src/core/artefact.ts';
import type { LayerEntry } from '../../../src/core/layer-entry.ts';

const BASE = { mode: 0o644, uid: 0, gid: 0 };

function folder(path: string, given: { opaque?: true; mode?: number } = {}): LayerEntry {
  return { ...BASE, mode: 0o755, path, kind: 'directory', ...given };
}

function file(path: string, text = '', given: Partial<typeof BASE> = {}): LayerEntry {
  return { ...BASE, path, kind: 'file', size: text.length, digest: sha256(text), ...given };
}

function link(path: string, target: string): LayerEntry {
  return { ...BASE, mode: 0o777, path, kind: 'symlink', target };
}

function whiteout(path: string): LayerEntry {
  return { ...BASE, path, kind: 'whiteout' };
}

function sha256(text: string): Digest {
  const digest = parseDigest(`sha256:${createHash('sha256').update(text).digest('hex')}`);
  if (digest === undefined) throw new Error('malformed');
  return digest;
}

const USR = [
  folder('usr'),
  folder('usr/lib'),
  file('usr/lib/a', 'old'),
  file('usr/lib/b'),
  link('lib', 'usr/lib'),
];

describe('a path of a root', () => {
  it('is told by the topmost layer that holds it, symbolic links above it followed', () => {
    const view = rootView([
      USR,
      [folder('usr'), folder('usr/lib'), file('usr/lib/a', 'new')],
      [link('here', '/lib')],
    ]);
    expect(lookUp(view, '/usr/lib/a')).toMatchObject({
      kind: 'found',
      path: '/usr/lib/a',
      node: { layer: 1 },
    });
    expect(lookUp(view, 'lib/a')).toMatchObject({
      path: '/usr/lib/a',
      node: { layer: 1, below: { layer: 0 } },
    });
    expect(lookUp(view, '/here/../lib/./b')).toMatchObject({ path: '/usr/lib/b', node: { layer: 0 } });
    expect(lookUp(view, '/lib')).toMatchObject({ path: '/lib', node: { entry: { kind: 'symlink' } } });
    expect(lookUp(view, '/')).toMatchObject({ kind: 'found', path: '/' });
    expect(lookUp(view, '/usr/lib/c')).toEqual({ kind: 'absent', path: '/usr/lib/c' });
    expect(lookUp(view, '/usr/lib/a/x')).toMatchObject({ kind: 'absent' });
  });

  it('is deleted by the layer whose whiteout, file or opaque folder covers it', () => {
    const deleted = (...top: LayerEntry[]) =>
      lookUp(rootView([USR, [folder('usr'), ...top], []]), '/usr/lib/a');
    const before = { kind: 'deleted', path: '/usr/lib/a', layer: 1, before: { layer: 0 } };
    expect(deleted(folder('usr/lib'), whiteout('usr/lib/a'))).toMatchObject(before);
    expect(deleted(whiteout('usr/lib'))).toMatchObject(before);
    expect(deleted(folder('usr/lib', { opaque: true }))).toMatchObject(before);
    expect(deleted(file('usr/lib'))).toMatchObject(before);
    expect(deleted()).toMatchObject({ kind: 'found' });
    const view = rootView([USR, [whiteout('usr/lib/a')], [file('usr/lib/a', 'again')]]);
    expect(lookUp(view, '/usr/lib/a')).toMatchObject({ kind: 'found', node: { layer: 2 } });
  });

  it('that leads in a circle is an error', () => {
    const view = rootView([[link('a', 'b'), link('b', 'a')]]);
    expect(() => lookUp(view, '/a/x')).toThrow('Cannot resolve "/a/x": too many symbolic links');
  });
});

function diff(before: readonly LayerEntry[][], after: readonly LayerEntry[][]): readonly FileChange[] {
  return [...rootDiff(rootView(before), rootView(after))];
}

describe('the difference of two roots', () => {
  it('tells what is new, gone and other, and in which layer', () => {
    const top = [folder('usr'), folder('usr/lib', { mode: 0o700 }), whiteout('usr/lib/b'), file('usr/lib/c')];
    const changed = [folder('usr'), folder('usr/lib'), file('usr/lib/a', 'now', { uid: 7 })];
    expect(diff([USR], [USR, top, changed])).toMatchObject([
      { change: 'changed', path: '/usr/lib/a', layer: 2, what: ['content', 'owner'] },
      { change: 'removed', path: '/usr/lib/b', layer: 1 },
      { change: 'added', path: '/usr/lib/c', layer: 1 },
    ]);
    expect(diff([USR], [USR, top]).at(0)).toMatchObject({ path: '/usr/lib', layer: 1, what: ['mode'] });
    expect(diff([USR], [USR, [folder('usr', { opaque: true })]])).toMatchObject([
      { change: 'removed', path: '/usr/lib', layer: 1 },
      { path: '/usr/lib/a', layer: 1 },
      { path: '/usr/lib/b', layer: 1 },
    ]);
    expect(diff([USR], [USR, [file('usr')]])).toMatchObject([
      { change: 'changed', path: '/usr', what: ['kind', 'mode'], layer: 1 },
      { change: 'removed', path: '/usr/lib' },
      { change: 'removed', path: '/usr/lib/a' },
      { change: 'removed', path: '/usr/lib/b' },
    ]);
  });

  it('is nothing between a root and itself, however it is cut into layers', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
    const entry = fc.oneof(
      path.map((at) => folder(at)),
      fc.tuple(path, fc.constantFrom('x', 'yy')).map(([at, text]) => file(at, text)),
    );
    const layers = fc.array(fc.array(entry, { maxLength: 8 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(layers, layers, (one, other) => {
        expect(diff(one, one)).toEqual([]);
        expect(diff(one, [...one, []])).toEqual([]);
        const there = diff(one, other).map(({ change, path: at }) => [change, at]);
        const opposite = { added: 'removed', removed: 'added', changed: 'changed' } as const;
        const back = diff(other, one).map(({ change, path: at }) => [opposite[change], at]);
        expect(there.toSorted()).toEqual(back.toSorted());
      }),
    );
  });
});
