import { statSync } from 'node:fs';
import { join } from 'node:path';
import { FlockBuildLocks } from '../../src/adapters/build-locks.ts';
import { openBuildahEngine } from '../../src/adapters/buildah.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import { FsArtefactStore } from '../../src/adapters/fs-artefact-store.ts';
import { FsSourceStore } from '../../src/adapters/fs-source-store.ts';
import { AptMirror } from '../../src/adapters/mirror.ts';
import { FsSigningKeys } from '../../src/adapters/signing-keys.ts';
import { SqlBuildCache } from '../../src/adapters/sql/build-cache.ts';
import { SqlBuiltImages } from '../../src/adapters/sql/built-images.ts';
import { SqlCatalogueStore } from '../../src/adapters/sql/catalogue-store.ts';
import { SqlChannelStore } from '../../src/adapters/sql/channel-store.ts';
import { openDatabase } from '../../src/adapters/sql/database.ts';
import { SqlReleaseStore } from '../../src/adapters/sql/release-store.ts';
import { SqlSignatureStore } from '../../src/adapters/sql/signature-store.ts';
import { systemClock } from '../../src/adapters/state.ts';
import type { BuildSite } from '../../src/build/site.ts';
import type { PathKind } from '../../src/build/stage-kind.ts';
import { imageTree } from '../../src/build/tree.ts';
import type { ImageDefinition } from '../../src/core/image.ts';
import { FakeHostLayerStore } from '../fakes/host-layers.ts';
import { NO_PLAYBOOKS, NO_RECIPES } from '../fakes/playbooks.ts';

/** A real build site in a data directory: buildah, the file store, SQLite, which has to be closed only to be copied. */
export async function realSite(data: string): Promise<BuildSite & { close(): Promise<void> }> {
  const commands = commandRunner;
  const database = openDatabase(join(data, 'bivouac.db'));
  return {
    world: {
      engine: await openBuildahEngine({ directory: join(data, 'containers'), commands }),
      commands,
      artefacts: await FsArtefactStore.open(join(data, 'artefacts')),
      mirror: new AptMirror(commands),
      sources: await FsSourceStore.open(join(data, 'sources')),
      playbooks: NO_PLAYBOOKS,
      recipes: NO_RECIPES,
    },
    cache: new SqlBuildCache(database),
    built: new SqlBuiltImages(database),
    catalogue: new SqlCatalogueStore(database, systemClock),
    releases: new SqlReleaseStore(database, systemClock),
    channels: new SqlChannelStore(database, systemClock),
    signing: { keys: new FsSigningKeys(join(data, 'keys')), signatures: new SqlSignatureStore(database) },
    locks: new FlockBuildLocks(join(data, 'locks')),
    parallel: 2,
    conffs: { layers: new FakeHostLayerStore(), limit: 50 * 1024 * 1024, rehearse: () => Promise.resolve(0) },
    clock: systemClock,
    workFolder: join(data, 'work'),
    builder: 'bivouac test',
    close: () => database.close(),
  };
}

/** `trixie` and `demo` above it: a script, a folder of files, another script; publishes two files. */
export function smallTree(directory: string): readonly ImageDefinition[] {
  const value = {
    trixie: {
      demo: {
        stages: ['one.sh', 'files', 'two.sh'],
        outputs: { files: { hello: '/etc/demo/hello', release: '/etc/os-release' } },
      },
    },
  };
  return treeOf(value, directory);
}

/** `trixie` and an image above it that adds nothing to it. */
export function seedTree(): readonly ImageDefinition[] {
  return treeOf({ trixie: { seed: { outputs: { files: { release: '/etc/os-release' } } } } }, '/');
}

/** The images of a tree without faults. */
export function treeOf(value: unknown, directory: string): readonly ImageDefinition[] {
  const { images, faults } = imageTree(value, { directory, architecture: 'amd64', stat: kindOf });
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n'));
  return images;
}

/** What is at a path. */
export function kindOf(path: string): PathKind | undefined {
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) return undefined;
  return info.isDirectory() ? 'directory' : 'file';
}
