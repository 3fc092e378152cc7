import { join } from 'node:path';
import type { BuildSite } from '../build/build.ts';
import { FlockBuildLock } from './build-lock.ts';
import { openBuildahEngine } from './buildah.ts';
import { backgroundRunner, commandRunner } from './command.ts';
import { AptMirror } from './mirror.ts';
import type { State } from './state.ts';

/** Everything a build needs, below a data directory. */
export async function openBuildSite(directory: string, state: State, builder: string): Promise<BuildSite> {
  const mirror = new AptMirror(commandRunner);
  const engine = await openBuildahEngine({
    directory: join(directory, 'containers'),
    commands: backgroundRunner,
  });
  return {
    world: { engine, commands: backgroundRunner, artefacts: state.artefacts, mirror },
    cache: state.buildCache,
    catalogue: state.catalogue,
    signing: { keys: state.signingKeys, signatures: state.signatures },
    lock: new FlockBuildLock(join(directory, 'build.lock'), commandRunner),
    clock: state.clock,
    workFolder: join(directory, 'work'),
    builder,
  };
}
