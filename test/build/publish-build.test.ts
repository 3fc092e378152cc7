import { expect, it } from 'vitest';
import { channelName } from '../builders.ts';
import { setUp } from './build-test.ts';

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
