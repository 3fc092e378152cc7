import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../core/command-error.ts';
import { type BuildId, parseBuildId } from '../core/job.ts';
import type { Argv, CommandOptions, CommandResult, CommandRunner } from '../ports/command.ts';
import type {
  ContainerEngine,
  ContainerImageId,
  ContainerRun,
  ForeignImage,
  PullOptions,
  WorkingContainer,
} from '../ports/container-engine.ts';
import { buildahArgv, storageEnvironment } from './buildah-calls.ts';
import { pullImage } from './buildah-pull.ts';
import { runArguments, withSecrets } from './buildah-run.ts';
import {
  containerName,
  hasTopLayer,
  layerDirectories,
  parseContainerImageId,
  prepareStorage,
  type StoragePaths,
  storagePaths,
  storedContainers,
  topLayerDirectory,
} from './buildah-storage.ts';
import { killInside, unmountBelow } from './leftovers.ts';
import { secretLines } from './secret-mount.ts';

/** What the engine works with. */
export interface BuildahOptions {
  /** Folder for all storage, on a file system that overlayfs can use. */
  readonly directory: string;
  readonly commands: CommandRunner;
}

const TAG = 'localhost/bivouac-stage';

/** Of containers that no build made; nobody holds its lock, so the next build removes them. */
const UNOWNED = '000000000000' as BuildId;

const REMOVAL_ATTEMPTS = 5;
const REMOVAL_PAUSE_MILLISECONDS = 200;

/** buildah's own last words when a program failed; the program's are what helps. */
const NOISE =
  /^(?:Error: |error )?(?:while running runtime: )?(?:(?:subprocess exited with|exit) status [0-9]+|subprocess exited on .*)$/;

/** An engine with storage below `options.directory`, which is made where it is missing. */
export async function openBuildahEngine(options: BuildahOptions): Promise<ContainerEngine> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  // The kernel tells mount points by their real paths.
  const paths = storagePaths(await realpath(options.directory));
  await prepareStorage(paths);
  return new BuildahEngine(options, paths, UNOWNED);
}

/** buildah with storage of our own, root, and chroot isolation. */
class BuildahEngine implements ContainerEngine {
  private readonly paths: StoragePaths;
  private readonly options: BuildahOptions;
  private readonly owner: BuildId;

  constructor(options: BuildahOptions, paths: StoragePaths, owner: BuildId) {
    this.options = options;
    this.paths = paths;
    this.owner = owner;
  }

  ownedBy(build: BuildId): ContainerEngine {
    return new BuildahEngine(this.options, this.paths, build);
  }

  async exists(image: ContainerImageId): Promise<boolean> {
    return await hasTopLayer(this.paths, image);
  }

  async topLayer(image: ContainerImageId): Promise<string> {
    return await topLayerDirectory(this.paths, image);
  }

  async layers(image: ContainerImageId): Promise<readonly string[]> {
    return await layerDirectories(this.paths, image);
  }

  async create(from: ContainerImageId | 'scratch'): Promise<WorkingContainer> {
    const name = containerName(this.owner);
    const options = ['--pull-never', '--name', name, '--signature-policy', this.paths.policy];
    await this.buildah(['from', ...options, from]);
    try {
      const root = (await this.buildah(['mount', name])).stdout.trim();
      return new BuildahContainer(this, { name, root });
    } catch (error) {
      await this.buildah(['rm', name]).catch(() => undefined);
      throw error;
    }
  }

  async owners(): Promise<readonly BuildId[]> {
    const containers = await storedContainers(this.paths);
    const names = await readdir(this.paths.temporary);
    return [
      ...new Set([
        // Of a container with another name nobody will come to speak: it goes with those of no build.
        ...containers.map(({ owner }) => owner ?? UNOWNED),
        ...names.flatMap((name) => parseBuildId(name) ?? []),
      ]),
    ];
  }

  pull(image: ForeignImage, options: PullOptions): Promise<ContainerImageId> {
    return pullImage(image, options, {
      paths: this.paths,
      run: (argv, more) => this.tool(argv, more),
      buildah: (args) => this.buildah(args),
    });
  }

  async cleanUp(build: BuildId): Promise<void> {
    // In the temporary folder of that build, which goes in the end.
    if (build !== this.owner) {
      await this.ownedBy(build).cleanUp(build);
      return;
    }
    const all = await storedContainers(this.paths);
    const containers = all.filter(({ owner }) => (owner ?? UNOWNED) === build);
    await killInside(containers.map(({ root }) => root));
    for (const { id, root } of containers) {
      await unmountBelow(dirname(root), this.options.commands);
      await unmountBelow(join(this.paths.root, 'overlay-containers', id), this.options.commands);
    }
    if (containers.length > 0) await this.removeContainers(containers.map(({ id }) => id));
    await rm(join(this.paths.temporary, build), { recursive: true, force: true });
  }

  /**
   * Seen once after a kill: buildah found a half-made layer, deleted it, and ended with code 125. Its storage was whole
   * from then on, so the removal is worth another try.
   */
  private async removeContainers(ids: readonly string[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.buildah(['rm', ...ids]);
        return;
      } catch (error) {
        const left = new Set((await storedContainers(this.paths)).map(({ id }) => id));
        if (!ids.some((id) => left.has(id))) return;
        if (attempt >= REMOVAL_ATTEMPTS) throw error;
        await delay(REMOVAL_PAUSE_MILLISECONDS);
      }
    }
  }

  /** `buildah run`, with errors that speak of the command itself. */
  async run(container: string, command: ContainerRun): Promise<void> {
    const { argv, log, signal, idleLimit, secrets = [] } = command;
    const folder = join(this.paths.temporary, this.owner, 'secrets');
    const call = buildahArgv(this.paths, runArguments(container, command, folder));
    try {
      await this.tool(withSecrets(call, command, folder), {
        input: secretLines(secrets),
        log: (line) => (NOISE.test(line) ? undefined : log(line)),
        ...(signal === undefined ? {} : { signal }),
        ...(idleLimit === undefined ? {} : { idle: { milliseconds: idleLimit } }),
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

  async remove({ name, root }: ContainerPlace): Promise<void> {
    await killInside([root]);
    await this.buildah(['umount', name]).catch(() => undefined);
    await this.buildah(['rm', name]);
  }

  private async buildah(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return await this.tool(buildahArgv(this.paths, args), options);
  }

  /** A program that knows our storage and not the machine's. */
  private async tool(argv: Argv, options: CommandOptions = {}): Promise<CommandResult> {
    const folder = join(this.paths.temporary, this.owner);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const environment = storageEnvironment(this.paths, folder);
    return await this.options.commands.run(argv, { environment, tethered: true, ...options });
  }
}

interface ContainerPlace {
  readonly name: string;
  readonly root: string;
}

class BuildahContainer implements WorkingContainer {
  readonly root: string;
  readonly changes: string;
  readonly name: string;
  private readonly engine: BuildahEngine;

  constructor(engine: BuildahEngine, { name, root }: ContainerPlace) {
    this.engine = engine;
    this.name = name;
    this.root = root;
    this.changes = join(dirname(root), 'diff'); // containers/storage's name for the upper directory
  }

  /** What it leaves running is ended. */
  async run(command: ContainerRun): Promise<void> {
    await this.engine.run(this.name, command).finally(() => killInside([this.root]));
  }

  async commit(name: string): Promise<ContainerImageId> {
    return await this.engine.commit(this.name, name);
  }

  async discard(): Promise<void> {
    await this.engine.remove(this);
  }
}
