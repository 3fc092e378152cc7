import { join } from 'node:path';
import { conffsArchive, MAX_CONFFS_BYTES } from '../boot/host-config.ts';
import type { ConffsWorld } from '../build/conffs/conffs.ts';
import type { PlaybookWorld } from '../build/playbook-world.ts';
import type { RecipeWorld } from '../build/recipes/recipe-world.ts';
import type { BuildSite } from '../build/site.ts';
import { standInInput } from '../config/rehearse.ts';
import type { Site } from '../config/site.ts';
import { MAX_LAYER_ENTRIES } from '../core/host-layer.ts';
import { readTar } from '../wire/read-tar.ts';
import { AnsiblePlaybooks } from './ansible/ansible.ts';
import { FlockBuildLocks } from './build-locks.ts';
import { openBuildahEngine } from './buildah.ts';
import { backgroundRunner, commandRunner } from './command.ts';
import { configurationRecord } from './configuration-record.ts';
import { FsSourceStore } from './fs-source-store.ts';
import { GitRecipes } from './git-recipes.ts';
import { AptMirror } from './mirror.ts';
import { NamespaceRooms } from './rooms.ts';
import type { State } from './state.ts';

/** The part of a site's configuration that builds depend on. */
export type BuildPlace = Pick<Site, 'directories' | 'build' | 'ansible' | 'recipes' | 'policy'>;

/** Everything a build needs, below the site's data directory; `builder` is name and version of this program. */
export async function openBuildSite(site: BuildPlace, state: State, builder: string): Promise<BuildSite> {
  const { directories, build } = site;
  const directory = directories.data;
  const mirror = new AptMirror(commandRunner);
  const engine = await openBuildahEngine({
    directory: join(directory, 'containers'),
    commands: backgroundRunner,
  });
  return {
    world: {
      engine,
      commands: backgroundRunner,
      artefacts: state.artefacts,
      mirror,
      sources: await FsSourceStore.open(join(directory, 'sources')),
      playbooks: playbooksOf(site, state),
      recipes: recipesOf(site),
    },
    cache: state.buildCache,
    built: state.builtImages,
    catalogue: state.catalogue,
    releases: state.releases,
    channels: state.channels,
    signing: { keys: state.signingKeys, signatures: state.signatures },
    locks: new FlockBuildLocks(join(directory, 'locks')),
    parallel: build.parallel,
    conffs: conffsOf(site, state),
    clock: state.clock,
    workFolder: join(directory, 'work'),
    builder,
    configuration: () => configurationRecord(directories.images, commandRunner),
  };
}

function playbooksOf({ directories, ansible: settings }: BuildPlace, { snapshots }: State): PlaybookWorld {
  const directory = join(directories.data, 'playbooks');
  const options = { settings, images: directories.images, directory, commands: backgroundRunner };
  return {
    ansible: new AnsiblePlaybooks(options),
    rooms: new NamespaceRooms(backgroundRunner),
    hosts: async () => (await snapshots.current()).inventory.hosts,
    trees: new Map(),
  };
}

function recipesOf({ directories, recipes }: BuildPlace): RecipeWorld {
  const { key, knownHosts, configurationUrl } = recipes;
  const directory = join(directories.data, 'recipes');
  const repositories = new GitRecipes({ key, knownHosts, directory, commands: backgroundRunner });
  return { repositories, configurationUrl, trees: new Map() };
}

function conffsOf({ policy }: BuildPlace, { hostLayers, snapshots }: State): ConffsWorld {
  return {
    layers: hostLayers,
    limit: policy.conffsLimit ?? MAX_CONFFS_BYTES,
    rehearse: async (host, named, archive) => {
      const input = standInInput(host, await snapshots.current(), named);
      const layer = archive === undefined ? [] : readTar(archive, { entries: MAX_LAYER_ENTRIES });
      return conffsArchive({ ...input, layer }).length;
    },
  };
}
