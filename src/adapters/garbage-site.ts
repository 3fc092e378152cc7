import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GarbageSite, JudgedFolder } from '../build/collect-garbage.ts';
import { isDownloadOf, sumsOfStatement } from '../build/needed-downloads.ts';
import { recoverBuilds } from '../build/recover.ts';
import { knownPin } from '../build/sources/pin-source.ts';
import type { Site } from '../config/site.ts';
import type { Digest } from '../core/artefact.ts';
import { FlockBuildLocks } from './build-locks.ts';
import { openBuildahEngine } from './buildah.ts';
import { BuildahImages } from './buildah-images.ts';
import { backgroundRunner } from './command.ts';
import { FsSourceStore } from './fs-source-store.ts';
import { mirrorName } from './git.ts';
import type { State } from './state.ts';
import { SweptFiles } from './swept-files.ts';
import { SweptTrees } from './swept-trees.ts';

/** The part of a site that says what of its data directory is needed. */
export type GarbagePlace = Pick<Site, 'images'> & {
  readonly directories: Pick<Site['directories'], 'data'>;
  readonly ansible: Pick<Site['ansible'], 'repository'>;
};

const DOWNLOAD = /^[0-9a-f]{32}-[A-Za-z0-9._-]*$/;
const REPOSITORY =
  /^(?:playbooks|recipes)\/(?:commits\/[0-9a-f]{40,64}|[0-9a-f]{16}\.(?:git|config|ssh_config))$/;
const REPOSITORY_FOLDERS = ['playbooks', 'playbooks/commits', 'recipes', 'recipes/commits'] as const;
const MAX_STATEMENT = 64 * 1024 * 1024;

/** What may go of a data directory. Nothing outside it is looked at. */
export function openGarbageSite(place: GarbagePlace, state: State): GarbageSite {
  const directory = place.directories.data;
  return {
    records: state.garbageRecords,
    images: new BuildahImages(join(directory, 'containers'), backgroundRunner),
    artefacts: new SweptFiles(join(directory, 'artefacts', 'sha256'), /^[0-9a-f]{2}\/[0-9a-f]{64}$/),
    listings: new SweptFiles(join(directory, 'listings'), /^[0-9a-f]{64}\.json\.zst$/),
    logs: new SweptFiles(join(directory, 'jobs'), /^[0-9a-z]{1,64}\.log$/),
    downloads: downloadsOf(place, state),
    repositories: repositoriesOf(place),
    locks: new FlockBuildLocks(join(directory, 'locks')),
    clock: state.clock,
    recover: () => recoverAt(directory),
  };
}

async function recoverAt(data: string): Promise<void> {
  const directory = join(data, 'containers');
  if (!existsSync(directory)) return;
  const engine = await openBuildahEngine({ directory, commands: backgroundRunner });
  const locks = new FlockBuildLocks(join(data, 'locks'));
  await recoverBuilds({ locks, world: { engine }, workFolder: join(data, 'work') });
}

/** Needed is what an image of the configuration is made from, or a release that is kept was. */
function downloadsOf({ directories, images }: GarbagePlace, { artefacts }: State): JudgedFolder {
  const sources = join(directories.data, 'sources');
  const folder = new SweptFiles(join(sources, 'downloads'), DOWNLOAD);
  const sumsOf = async (statement: Digest): Promise<readonly string[]> => {
    const bytes = await artefacts.readAll(statement, MAX_STATEMENT).catch(() => new Uint8Array());
    return sumsOfStatement(Buffer.from(bytes).toString('utf8'));
  };
  return {
    list: () => folder.list(),
    remove: (name) => folder.remove(name),
    judge: async (statements) => {
      const roots = images.map(({ source }) => source).filter(({ kind }) => kind === 'download');
      const store = roots.length === 0 ? undefined : await FsSourceStore.open(sources);
      const pins = store === undefined ? [] : roots.map((source) => knownPin(source, store));
      const sums = new Set((await Promise.all(pins)).filter((sum) => sum !== undefined));
      for (const statement of statements) for (const sum of await sumsOf(statement)) sums.add(sum);
      return (name) => isDownloadOf(name, sums);
    },
  };
}

/** Needed are the mirrors of the repositories of the configuration. What was checked out of them is checked out anew. */
function repositoriesOf({ directories, images, ansible }: GarbagePlace): JudgedFolder {
  const folder = new SweptTrees(directories.data, REPOSITORY_FOLDERS, REPOSITORY);
  const named = (repository: string | undefined, kind: string): readonly string[] =>
    repository === undefined ? [] : [`${kind}/${mirrorName(repository)}`];
  const needed = new Set([
    ...named(ansible.repository, 'playbooks'),
    ...images.flatMap(({ stages }) =>
      stages.flatMap((stage) => (stage.kind === 'recipe' ? named(stage.source.repository, 'recipes') : [])),
    ),
  ]);
  return {
    list: () => folder.list(),
    remove: (name) => folder.remove(name),
    judge: () => Promise.resolve((name) => needed.has(name.replace(/\.[a-z_]+$/, ''))),
  };
}
