import { join } from 'node:path';
import type { BuildSite } from '../build/site.ts';
import type { Site } from '../config/site.ts';
import { FlockBuildLocks } from './build-locks.ts';
import { openBuildahEngine } from './buildah.ts';
import { backgroundRunner, commandRunner } from './command.ts';
import { AptMirror } from './mirror.ts';
import type { State } from './state.ts';

/** Everything a build needs, below the site's data directory; `builder` is name and version of this program. */
export async function openBuildSite(
  { directories, build }: Pick<Site, 'directories' | 'build'>,
  state: State,
  builder: string,
): Promise<BuildSite> {
  const directory = directories.data;
  const mirror = new AptMirror(commandRunner);
  const engine = await openBuildahEngine({
    directory: join(directory, 'containers'),
    commands: backgroundRunner,
  });
  return {
    world: { engine, commands: backgroundRunner, artefacts: state.artefacts, mirror },
    cache: state.buildCache,
    built: state.builtImages,
    catalogue: state.catalogue,
    signing: { keys: state.signingKeys, signatures: state.signatures },
    locks: new FlockBuildLocks(join(directory, 'locks')),
    parallel: build.parallel,
    clock: state.clock,
    workFolder: join(directory, 'work'),
    builder,
  };
}
