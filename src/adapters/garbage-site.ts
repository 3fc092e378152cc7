import { join } from 'node:path';
import type { GarbageSite } from '../build/collect-garbage.ts';
import { FlockBuildLocks } from './build-locks.ts';
import { BuildahImages } from './buildah-images.ts';
import { backgroundRunner } from './command.ts';
import type { State } from './state.ts';
import { SweptFiles } from './swept-files.ts';

/** What may go of a data directory. Nothing outside it is looked at. */
export function openGarbageSite(directory: string, { garbageRecords, clock }: State): GarbageSite {
  return {
    records: garbageRecords,
    images: new BuildahImages(join(directory, 'containers'), backgroundRunner),
    artefacts: new SweptFiles(join(directory, 'artefacts', 'sha256'), /^[0-9a-f]{2}\/[0-9a-f]{64}$/),
    listings: new SweptFiles(join(directory, 'listings'), /^[0-9a-f]{64}\.json\.zst$/),
    logs: new SweptFiles(join(directory, 'jobs'), /^[0-9a-z]{1,64}\.log$/),
    locks: new FlockBuildLocks(join(directory, 'locks')),
    clock,
  };
}
