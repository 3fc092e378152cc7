import { randomUUID } from 'node:crypto';
import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mountPointsBelow } from '../build/mounts.ts';
import { CommandError } from '../core/command-error.ts';
import { AppError } from '../core/errors.ts';
import type { CommandOptions, CommandResult, CommandRunner } from '../ports/command.ts';
import type {
  ContainerEngine,
  ContainerImageId,
  ContainerRun,
  WorkingContainer,
} from '../ports/container-engine.ts';
import type { StoragePaths } from './buildah-storage.ts';
import {
  hasContainers,
  parseContainerImageId,
  prepareStorage,
  storagePaths,
  topLayerOf,
} from './buildah-storage.ts';
import { systemPath } from './command.ts';
import { killInside, unmountBelow } from './leftovers.ts';

/** What the engine works with. */
export interface BuildahOptions {
  /** Folder for all storage, on a file system that overlayfs can use. */
  readonly directory: string;
  readonly commands: CommandRunner;
}

/** Name of the machine that scripts see; buildah's own choice is random, which would get into their output. */
const HOST_NAME = 'localhost';
const TAG = 'localhost/bivouac-stage';

const REMOVAL_ATTEMPTS = 5;
const REMOVAL_PAUSE_MILLISECONDS = 200;

/** buildah's own last words when a program failed; the program's are what helps. */
const NOISE =
  /^(?:Error: |error )?(?:while running runtime: )?(?:subprocess exited with|exit) status [0-9]+$/;

/** An engine with storage below `options.directory`, which is made where it is missing. */
export async function openBuildahEngine(options: BuildahOptions): Promise<ContainerEngine> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  // The kernel tells mount points by their real paths.
  const paths = storagePaths(await realpath(options.directory));
  await prepareStorage(paths);
  return new BuildahEngine(options, paths);
}

/** buildah with storage of our own, root, and chroot isolation. */
class BuildahEngine implements ContainerEngine {
  private readonly paths: StoragePaths;
  private readonly options: BuildahOptions;

  constructor(options: BuildahOptions, paths: StoragePaths) {
    this.options = options;
    this.paths = paths;
  }

  async exists(image: ContainerImageId): Promise<boolean> {
    return (await topLayerOf(this.paths, image)) !== undefined;
  }

  async topLayer(image: ContainerImageId): Promise<string> {
    const layer = await topLayerOf(this.paths, image);
    if (layer === undefined)
      throw new AppError('not-found', `Cannot find image "${image}" in the container storage`);
    return join(this.paths.root, 'overlay', layer, 'diff');
  }

  async create(from: ContainerImageId | 'scratch'): Promise<WorkingContainer> {
    const name = `bivouac-${randomUUID()}`;
    await this.buildah([
      'from',
      '--pull-never',
      '--name',
      name,
      '--signature-policy',
      this.paths.policy,
      from,
    ]);
    try {
      const root = (await this.buildah(['mount', name])).stdout.trim();
      return new BuildahContainer(this, { name, root });
    } catch (error) {
      await this.buildah(['rm', name]).catch(() => undefined);
      throw error;
    }
  }

  async cleanUp(): Promise<void> {
    const mounted = (await mountPointsBelow(this.paths.root)).filter((point) => point.endsWith('/merged'));
    if (mounted.length === 0 && !(await hasContainers(this.paths))) return;
    await killInside(this.paths.root);
    await unmountBelow(this.paths.root, this.options.commands);
    await this.removeContainers();
    for (const name of await readdir(this.paths.temporary)) {
      await rm(join(this.paths.temporary, name), { recursive: true, force: true });
    }
  }

  /**
   * Seen once after a kill: buildah found a half-made layer, deleted it, and ended with code 125. Its storage was whole
   * from then on, so the removal is worth another try.
   */
  private async removeContainers(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.buildah(['rm', '--all']);
        return;
      } catch (error) {
        if (attempt >= REMOVAL_ATTEMPTS) throw error;
        await delay(REMOVAL_PAUSE_MILLISECONDS);
      }
    }
  }

  /** `buildah run`, with errors that speak of the command itself. */
  async run(container: string, { argv, environment, log, signal }: ContainerRun): Promise<void> {
    const options = ['--isolation', 'chroot', '--hostname', HOST_NAME];
    const environmentOptions = Object.entries(environment).flatMap(([key, value]) => [
      '--env',
      `${key}=${value}`,
    ]);
    try {
      await this.buildah(['run', ...options, ...environmentOptions, container, '--', ...argv], {
        log: (line) => (NOISE.test(line) ? undefined : log(line)),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (!(error instanceof CommandError) || error.failure.kind === 'not-found') throw error;
      const tail = error.tail.filter((line) => !NOISE.test(line));
      throw new CommandError(argv[0], error.failure, tail);
    }
  }

  async commit(container: string, name: string): Promise<ContainerImageId> {
    const options = ['--quiet', '--format', 'oci', '--signature-policy', this.paths.policy];
    const { stdout } = await this.buildah(['commit', ...options, container, `${TAG}:${name}`]);
    // The storage does not sync what it writes; without this a power cut could leave an image of empty files.
    await this.options.commands.run(['sync', '--file-system', this.paths.root]);
    return parseContainerImageId(stdout);
  }

  async remove(container: string): Promise<void> {
    await killInside(this.paths.root);
    await this.buildah(['umount', container]).catch(() => undefined);
    await this.buildah(['rm', container]);
  }

  /** End what a stage left running in the one container that is in use. */
  async endProcesses(): Promise<void> {
    await killInside(this.paths.root);
  }

  private async buildah(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    const { root, runRoot, temporary, emptyConfig, storageConfig } = this.paths;
    const storage = ['--root', root, '--runroot', runRoot, '--storage-driver', 'overlay'];
    // With metacopy a layer's folder would lack the content of files of which only the mode was changed.
    const driver = ['--storage-opt', 'overlay.mountopt=metacopy=off'];
    return await this.options.commands.run(['buildah', ...storage, ...driver, ...args], {
      environment: {
        PATH: systemPath(),
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
        TMPDIR: temporary,
        CONTAINERS_CONF: emptyConfig,
        CONTAINERS_STORAGE_CONF: storageConfig,
      },
      tethered: true,
      ...options,
    });
  }
}

class BuildahContainer implements WorkingContainer {
  readonly root: string;
  private readonly name: string;
  private readonly engine: BuildahEngine;

  constructor(engine: BuildahEngine, { name, root }: { readonly name: string; readonly root: string }) {
    this.engine = engine;
    this.name = name;
    this.root = root;
  }

  async run(command: ContainerRun): Promise<void> {
    await this.engine.run(this.name, command).finally(() => this.engine.endProcesses());
  }

  async commit(name: string): Promise<ContainerImageId> {
    return await this.engine.commit(this.name, name);
  }

  async discard(): Promise<void> {
    await this.engine.remove(this.name);
  }
}
