import { expect, test } from 'vitest';
import { selectRelease } from '../../src/boot/select-release.ts';
import { type HostLayer, hostLayerIndex, releasesBefore } from '../../src/core/host-layer.ts';
import type { NamedRelease } from '../../src/core/release.ts';
import {
  aCatalogue,
  aHost,
  aNamedRelease,
  aPublication,
  aSnapshot,
  digest,
  hostName,
  imageName,
} from '../builders.ts';

const [OLD, MIDDLE, NEW] = ['1', '2', '3'].map((name) => aNamedRelease({}, name)) as [
  NamedRelease,
  NamedRelease,
  NamedRelease,
];
const HOST = hostName('web01');
const IMAGE = imageName('web');

function layer({ digest: release }: NamedRelease): HostLayer {
  const archive = { digest: digest('a'), size: 1 };
  return { host: HOST, image: IMAGE, release, archive, contentId: 'x', commits: [], builtAt: 1 };
}

function boots(layers: readonly HostLayer[], { wanted = true, history = [NEW, MIDDLE, OLD] } = {}) {
  const index = hostLayerIndex(layers, wanted ? [{ host: HOST, image: IMAGE }] : []);
  const [current] = history;
  const catalogue = aCatalogue([aPublication({ digest: (current ?? NEW).digest })]);
  const earlier = (now: NamedRelease['digest']) => releasesBefore(history, now, 'amd64');
  const choice = selectRelease(aHost(), aSnapshot({ catalogue, hostLayers: { index, earlier } }), {
    cpu: 'amd64',
  });
  return choice.kind === 'none' ? choice.reason : choice.named.digest;
}

test('a host with a layer for the newest release boots that', () => {
  expect(boots([layer(NEW), layer(OLD)])).toBe(NEW.digest);
});

test('a host whose layer for the newest release is missing keeps booting the newest for which it has one', () => {
  expect(boots([layer(OLD)])).toBe(OLD.digest);
  expect(boots([layer(OLD), layer(MIDDLE)])).toBe(MIDDLE.digest);
});

test('a host that needs a layer and has none boots nothing, and the reason names the remedy', () => {
  expect(boots([])).toMatch(/has no host layer for release sha256:3.*bivouac build web --target conffs/);
});

test('a host that needs none boots the newest', () => {
  expect(boots([], { wanted: false })).toBe(NEW.digest);
});

test('what a rollback turned away from is not booted again', () => {
  expect(boots([layer(NEW), layer(OLD)], { history: [MIDDLE, NEW, MIDDLE, OLD] })).toBe(OLD.digest);
});
