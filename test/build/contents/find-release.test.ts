import { describe, expect, it } from 'vitest';
import { rollBack } from '../../../src/build/channels/orders.ts';
import { toFetch } from '../../../src/build/contents/compare.ts';
import { findRelease } from '../../../src/build/contents/find-release.ts';
import { STABLE } from '../../../src/core/image.ts';
import { parseReleaseReference } from '../../../src/core/release-reference.ts';
import { aNamedRelease, aRelease, artefact, imageName } from '../../builders.ts';
import { FakeCatalogueStore } from '../../fakes/catalogue-store.ts';
import { FakeChannelStore } from '../../fakes/channel-store.ts';
import { FakeReleaseStore } from '../../fakes/release-store.ts';
import { testSigning } from '../../fakes/signing.ts';

const WEB = imageName('web');
const [FIRST, SECOND] = [aNamedRelease({}, 'd'), aNamedRelease({ kernelVersion: '6.13' }, 'e')];
const ADA = { actor: 'ada', reason: '' };

async function shelf() {
  const catalogue = new FakeCatalogueStore();
  const releases = new FakeReleaseStore(catalogue);
  const channels = new FakeChannelStore(catalogue);
  for (const release of [FIRST, SECOND]) {
    await releases.keep(release);
    await channels.move({ image: WEB, channel: STABLE, ...ADA, action: 'build', to: release.digest });
  }
  const master = aNamedRelease({ image: imageName('trixie') }, 'a');
  await releases.keep(master);
  return { releases, channels, images: [WEB, imageName('db')], master };
}

describe('the name of a release', () => {
  it('is a digest, an image, a channel, or so many before', () => {
    expect(parseReleaseReference('sha256:0123ab')).toEqual({ kind: 'digest', hex: '0123ab' });
    expect(parseReleaseReference('web')).toEqual({ kind: 'image', image: 'web', channel: 'stable', back: 0 });
    expect(parseReleaseReference('web@canary~2')).toMatchObject({ channel: 'canary', back: 2 });
    expect(parseReleaseReference('cafe')).toMatchObject({ image: 'cafe', hex: 'cafe' });
    for (const bad of [
      '',
      'sha256:',
      'sha256:xyz',
      'we b',
      'web~x',
      'web@',
      '@stable',
      `sha256:${'a'.repeat(65)}`,
    ]) {
      expect(parseReleaseReference(bad), bad).toBeUndefined();
    }
  });

  it('leads to the release', async () => {
    const world = await shelf();
    const digestOf = async (text: string) => (await findRelease({ text }, world)).digest;
    expect(await digestOf('web')).toBe(SECOND.digest);
    expect(await digestOf('web~1')).toBe(FIRST.digest);
    expect(await digestOf('web@stable')).toBe(SECOND.digest);
    expect(await digestOf('dddd')).toBe(FIRST.digest);
    expect(await digestOf(SECOND.digest)).toBe(SECOND.digest);
    expect(await digestOf('trixie')).toBe(world.master.digest);
  });

  it('that leads nowhere says what there is', async () => {
    const world = await shelf();
    const find = (text: string) => findRelease({ text }, world);
    await expect(find('wbe')).rejects.toMatchObject({ code: 'not-found', remedy: 'Did you mean "web"?' });
    await expect(find('db')).rejects.toMatchObject({ remedy: 'Build it: bivouac build db' });
    await expect(find('web@stabel')).rejects.toMatchObject({ remedy: 'Did you mean "stable"?' });
    await expect(find('web~2')).rejects.toThrow('Cannot go back 2 releases');
    await expect(findRelease({ text: 'web', architecture: 'arm64' }, world)).rejects.toMatchObject({
      message: 'Channel "stable" of image "web" has no release for arm64',
      remedy: 'It has some for amd64',
    });
    for (const digits of ['sha256:0123', '0123']) {
      const remedy = '"bivouac release list" shows what there is';
      await expect(find(digits)).rejects.toMatchObject({ remedy });
    }
    await expect(find('no name')).rejects.toMatchObject({ code: 'invalid-input' });
    await world.releases.keep({ ...SECOND, digest: `${FIRST.digest.slice(0, -1)}0` as typeof FIRST.digest });
    await expect(find('sha256:dddd')).rejects.toThrow('several begin like that');
  });
});

describe('orders', () => {
  it('that lead nowhere fail with what there is', async () => {
    const { channels, releases } = await shelf();
    const site = { channels, releases, keys: testSigning().keys };
    const order = { image: WEB, channel: STABLE, ...ADA };
    expect(await rollBack(order, undefined, site)).toMatchObject([{ kind: 'move', to: FIRST.digest }]);
    await expect(rollBack(order, undefined, site)).rejects.toMatchObject({ code: 'conflict' });
  });
});

it('a host that has a release fetches only what the other has besides', () => {
  const [layer] = aRelease().layers;
  const more = { ...layer, ...artefact('9') };
  const to = aRelease({ layers: [layer, more, more], initramfs: artefact('8') });
  expect(toFetch(aRelease(), to)).toEqual({
    bytes: artefact('8').size + artefact('9').size,
    artefacts: [artefact('8'), artefact('9')],
  });
  expect(toFetch(to, to).bytes).toBe(0);
});
