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
    const ground = (): BuildGround => {
      if (made === undefined) throw new Error('The site of the bench is not ready');
      return made;
    };
    const exported = async () => {
      const { layers } = await ground().build('leaf');
      const [large] = layers.slice(-2);
      if (large === undefined) throw new Error('The release has no layers');
      return { folder: join(ground().path, 'export'), source: (await ground().folders(large)).at(-1) ?? '' };
    };
    const cases = [leafBuilds(ground), layerExport(exported), sameBytes(ground), kills()];
    return Promise.resolve({
      cases: [
        ...cases.map((one): BenchCase => (skip === undefined ? one : { ...one, skip })),
        conffsOfHosts(),
      ],
      peers: {},
      prepare: async () => {
        if (skip !== undefined) return;
        tell('Building an image of 650 MB');
        made = new BuildGround();
        await made.build('leaf');
      },
      close: async () => made?.remove(),
    });
  },
};

function problem(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = BUILD_NEEDS.filter((name) => !isOnPath(name, { PATH: systemPath() }));
  return missing.length === 0 ? undefined : `needs ${missing.join(', ')}`;
}
