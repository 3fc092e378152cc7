import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../src/build/release/envelope.ts';
import type { ImageDefinition } from '../../src/core/image.ts';
import { channelName } from '../builders.ts';
import { setUp } from './build-test.ts';
import { statementFaults } from './release/slsa.ts';

const MIRROR = 'https://packages.example/debian?token=secret';
const LINE = `deb [check-valid-until=no] ${MIRROR} trixie main`;

/** The images with what their root is made from pinned to a mirror. */
function mirrored(images: readonly ImageDefinition[]): readonly ImageDefinition[] {
  return images.map((image) => ({ ...image, source: { kind: 'suite', suite: 'trixie', mirror: [LINE] } }));
}

describe('how a release was made', () => {
  it('is told with the whole request, and the mirror in place of those that this machine uses', async () => {
    const { build, images, site } = setUp();
    const { mirror } = site.world;
    mirror.sources = () => Promise.reject(new Error('apt of this machine names no mirror'));
    const asked = { architecture: 'amd64', buildParents: 'all', target: 'all' } as const;
    const { release } = await build({ ...asked, images: mirrored(images) });
    const text = await statementOf(release.digest, site);
    expect(statementFaults(text)).toEqual([]);
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({
      predicate: {
        buildDefinition: {
          externalParameters: { image: 'demo', ...asked },
          resolvedDependencies: expect.arrayContaining([
            expect.objectContaining({ name: 'root', uri: 'https://packages.example/debian' }),
            {
              name: 'package source',
              uri: 'https://packages.example/debian',
              annotations: {
                source: 'deb [check-valid-until=no] https://packages.example/debian trixie main',
              },
            },
          ]),
        },
      },
    });
  });

  it('is told with the version of the kernel that was asked for', async () => {
    const { build, images, site } = setUp();
    const withKernel = images.map((image) => ({ ...image, kernel: 'linux-image-amd64' }));
    const { release } = await build({ kernel: '6.12.1-1', images: withKernel });
    expect(JSON.parse(await statementOf(release.digest, site))).toMatchObject({
      predicate: { buildDefinition: { externalParameters: { kernel: '6.12.1-1' } } },
    });
  });
});

type Site = ReturnType<typeof setUp>['site'];

async function statementOf(digest: Parameters<Site['releases']['find']>[0], site: Site): Promise<string> {
  const [attestation] = await site.releases.attestations(digest);
  if (attestation === undefined) throw new Error('Expected a statement');
  const envelope = Buffer.from(await site.world.artefacts.readAll(attestation.digest, 1024 ** 2));
  return Buffer.from(parseEnvelope(envelope.toString()).payload, 'base64').toString();
}

/** The parameters that the statement of a release names. */
function parametersOf(envelope: Uint8Array): unknown {
  const { payload } = JSON.parse(Buffer.from(envelope).toString('utf8')) as { payload: string };
  const statement = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as {
    predicate: { buildDefinition: { externalParameters: unknown } };
  };
  return statement.predicate.buildDefinition.externalParameters;
}

it('the statement of a release names all that the request chose', async () => {
  const { build, images, site } = setUp();
  const request = {
    target: 'all',
    buildParents: 'all',
    branch: 'next',
    channel: channelName('canary'),
    architecture: 'amd64',
    kernel: '6.12.48-1',
    fresh: true,
  } as const;
  const withKernel = images.map((image) =>
    image.parent === undefined ? image : { ...image, kernel: 'linux-image-test' },
  );
  const { release } = await build({ ...request, images: withKernel });
  const [statement] = await site.releases.attestations(release.digest);
  const bytes = await site.world.artefacts.readAll(statement?.digest ?? release.digest, 1_000_000);
  expect(parametersOf(bytes)).toEqual({ image: 'demo', ...request });
});
