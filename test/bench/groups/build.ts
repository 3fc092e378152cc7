import { join } from 'node:path';
import { systemPath } from '../../../src/adapters/command.ts';
import { isOnPath } from '../../../src/adapters/find-program.ts';
import { BUILD_NEEDS, BuildGround } from '../build-ground.ts';
import type { BenchCase } from '../harness.ts';
import { leafBuilds, sameBytes } from '../rows/build.ts';
import { conffsOfHosts } from '../rows/conffs.ts';
import { kills } from '../rows/kills.ts';
import { layerExport } from '../rows/layer-export.ts';
import type { BenchGroup } from './group.ts';

/** Builds: an image of 650 MB beside the reference way, layers, conffs; kills. */
export const buildGroup: BenchGroup = {
  name: 'build',
  rounds: 3,
  open: ({ tell }) => {
    const skip = problem();
    let made: BuildGround | undefined;
    let built: Promise<unknown> | undefined;
    const ground = async (): Promise<BuildGround> => {
      made ??= new BuildGround();
      if (built === undefined) tell('Building an image of 650 MB');
      await (built ??= made.build('leaf'));
      return made;
    };
    const cases = [leafBuilds(ground), layerExport(() => largeLayer(ground)), sameBytes(ground), kills()];
    return Promise.resolve({
      cases: [
        ...cases.map((one): BenchCase => (skip === undefined ? one : { ...one, skip })),
        conffsOfHosts(),
      ],
      peers: {},
      prepare: () => Promise.resolve(),
      close: async () => made?.remove(),
    });
  },
};

/** The layer below the leaf, which has a compiler in it. */
async function largeLayer(ground: () => Promise<BuildGround>) {
  const site = await ground();
  const { layers } = await site.build('leaf');
  const [large] = layers.slice(-2);
  if (large === undefined) throw new Error('The release has no layers');
  return { folder: join(site.path, 'export'), source: (await site.folders(large)).at(-1) ?? '' };
}

function problem(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = BUILD_NEEDS.filter((name) => !isOnPath(name, { PATH: systemPath() }));
  return missing.length === 0 ? undefined : `needs ${missing.join(', ')}`;
}
