import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../src/core/errors.ts';
import type { BuildId } from '../../src/core/job.ts';
import type {
  ContainerEngine,
  ContainerImageId,
  ContainerRun,
  WorkingContainer,
} from '../../src/ports/container-engine.ts';

/** What happens in a container when a command runs. */
export type FakeRun = (command: ContainerRun, root: string) => Promise<void>;

/** Containers are folders; an image is the folder that was committed. Layers are not told apart. */
export class FakeContainerEngine implements ContainerEngine {
  readonly images = new Map<ContainerImageId, string>();
  readonly open = new Set<string>();
  /** Builds that left something. */
  readonly left = new Set<BuildId>();
  readonly cleaned: BuildId[] = [];
  onRun: FakeRun = () => Promise.resolve();
  private readonly directory: string;
  private count = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  exists(image: ContainerImageId): Promise<boolean> {
    return Promise.resolve(this.images.has(image));
  }

  async create(from: ContainerImageId | 'scratch'): Promise<WorkingContainer> {
    if (from !== 'scratch' && !this.images.has(from)) throw new AppError('not-found', `No image "${from}"`);
    this.count += 1;
    const root = join(this.directory, `container-${this.count}`);
    for (const folder of ['run', 'usr/sbin', 'etc']) await mkdir(join(root, folder), { recursive: true });
    this.open.add(root);
    return {
      root,
      changes: root,
      run: (command) => this.onRun(command, root),
      commit: (name) => {
        const id = containerImageId(`image-${this.count}-${name}`);
        this.images.set(id, root);
        return Promise.resolve(id);
      },
      discard: async () => {
        this.open.delete(root);
        if (![...this.images.values()].includes(root)) await rm(root, { recursive: true });
      },
    };
  }

  pull(): Promise<ContainerImageId> {
    return Promise.reject(new AppError('unsupported', 'No registry here'));
  }

  topLayer(image: ContainerImageId): Promise<string> {
    const root = this.images.get(image);
    return root === undefined
      ? Promise.reject(new AppError('not-found', `No image "${image}"`))
      : Promise.resolve(root);
  }

  async layers(image: ContainerImageId): Promise<readonly string[]> {
    return [await this.topLayer(image)];
  }

  ownedBy(): ContainerEngine {
    return this;
  }

  owners(): Promise<readonly BuildId[]> {
    return Promise.resolve([...this.left]);
  }

  cleanUp(build: BuildId): Promise<void> {
    this.left.delete(build);
    this.cleaned.push(build);
    return Promise.resolve();
  }
}

/** Any text as an image id. */
export function containerImageId(text: string): ContainerImageId {
  return text as ContainerImageId;
}
