import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StoredImage } from '../build/collect-garbage.ts';
import { AppError } from '../core/errors.ts';
import { type BuildId, parseBuildId } from '../core/job.ts';
import type { ContainerImageId } from '../ports/container-engine.ts';

/** Where buildah keeps what is ours; nothing of the machine's own containers is there. */
export interface StoragePaths {
  readonly root: string;
  readonly runRoot: string;
  readonly temporary: string;
  /** Says which images may be used: ours, all of them made here. */
  readonly policy: string;
  /** Two files in place of the machine's own configuration, so that it cannot change what we do. */
  readonly emptyConfig: string;
  readonly storageConfig: string;
  /** Which boot of this machine the run root belongs to. */
  readonly bootId: string;
}

/** The paths below one folder. */
export function storagePaths(directory: string): StoragePaths {
  return {
    root: join(directory, 'root'),
    runRoot: join(directory, 'run'),
    temporary: join(directory, 'tmp'),
    policy: join(directory, 'policy.json'),
    emptyConfig: join(directory, 'empty.conf'),
    storageConfig: join(directory, 'storage.conf'),
    bootId: join(directory, 'boot-id'),
  };
}

/** Parse what buildah prints after a commit: 64 hexadecimal digits on the last line. */
export function parseContainerImageId(stdout: string): ContainerImageId {
  const id = stdout.trim().split('\n').at(-1) ?? '';
  if (!/^[0-9a-f]{64}$/.test(id)) {
    throw new AppError('command-failed', `Cannot read the id of a committed image: got "${id.slice(0, 80)}"`);
  }
  return id as ContainerImageId;
}

/** Top layer of an image by the storage's own list; undefined when the image is gone. */
export async function topLayerOf(paths: StoragePaths, image: ContainerImageId): Promise<string | undefined> {
  const rows = await readRows(join(paths.root, 'overlay-images', 'images.json'));
  const row = rows.find((entry) => entry['id'] === image);
  const layer = row?.['layer'];
  return typeof layer === 'string' && /^[0-9a-f]{64}$/.test(layer) ? layer : undefined;
}

/** Whether the image is there with the files of its top layer, which the storage's own list does not tell. */
export async function hasTopLayer(paths: StoragePaths, image: ContainerImageId): Promise<boolean> {
  const layer = await topLayerOf(paths, image);
  if (layer === undefined) return false;
  return await stat(filesOf(paths, layer)).then(
    (info) => info.isDirectory(),
    () => false,
  );
}

/** All images, without starting buildah; those that stand upon another come before it. */
export async function storedImages(paths: StoragePaths): Promise<readonly StoredImage[]> {
  const layers = new Map(
    (await readRows(join(paths.root, 'overlay-layers', 'layers.json'))).map((row) => [row['id'], row]),
  );
  const depthOf = (layer: unknown): number => {
    let depth = 0;
    for (let at = layers.get(layer); at !== undefined && depth < layers.size; at = layers.get(at['parent']))
      depth += 1;
    return depth;
  };
  const images = (await readRows(join(paths.root, 'overlay-images', 'images.json'))).flatMap((row) => {
    const { id, layer, created } = row;
    if (typeof id !== 'string' || !/^[0-9a-f]{64}$/.test(id)) return [];
    const size = layers.get(layer)?.['diff-size'];
    const madeAt = Date.parse(String(layers.get(layer)?.['created'] ?? created));
    return [
      {
        image: {
          id: parseContainerImageId(id),
          bytes: typeof size === 'number' ? size : 0,
          madeAt: Number.isNaN(madeAt) ? 0 : madeAt,
        },
        depth: depthOf(layer),
      },
    ];
  });
  return images.sort((a, b) => b.depth - a.depth).map(({ image }) => image);
}

/** A container by the storage's own list. */
export interface StoredContainer {
  readonly id: string;
  /** Undefined when no build of ours gave it its name. */
  readonly owner: BuildId | undefined;
  /** Where its root is mounted, when it is. */
  readonly root: string;
}

/** The name of a container, which says whose it is. */
export function containerName(owner: BuildId): string {
  return `bivouac-${owner}-${randomUUID()}`;
}

/** All containers, without starting buildah. */
export async function storedContainers(paths: StoragePaths): Promise<readonly StoredContainer[]> {
  const rows = await readRows(join(paths.root, 'overlay-containers', 'containers.json'));
  return rows.flatMap(({ id, names, layer }) => {
    if (typeof id !== 'string') return [];
    const name: unknown = Array.isArray(names) ? names[0] : undefined;
    const owner = parseBuildId(/^bivouac-([^-]*)-/.exec(String(name))?.[1] ?? '');
    return [{ id, owner, root: join(paths.root, 'overlay', String(layer), 'merged') }];
  });
}

function filesOf(paths: StoragePaths, layer: string): string {
  return join(paths.root, 'overlay', layer, 'diff');
}

/** Where the files of the image's top layer are: an overlayfs lower directory. `not-found` when the image is gone. */
export async function topLayerDirectory(paths: StoragePaths, image: ContainerImageId): Promise<string> {
  const layer = await topLayerOf(paths, image);
  if (layer !== undefined) return filesOf(paths, layer);
  throw new AppError('not-found', `Cannot find image "${image}" in the container storage`);
}

/** As `topLayerDirectory`, for all layers of the image by the storage's own list, base first. */
export async function layerDirectories(
  paths: StoragePaths,
  image: ContainerImageId,
): Promise<readonly string[]> {
  const top = basename(dirname(await topLayerDirectory(paths, image)));
  return (await layerChainOf(paths, top)).map((layer) => filesOf(paths, layer));
}

async function layerChainOf(paths: StoragePaths, top: string): Promise<readonly string[]> {
  const rows = await readRows(join(paths.root, 'overlay-layers', 'layers.json'));
  const parents = new Map(rows.map((row) => [row['id'], row['parent']]));
  const chain: string[] = [];
  for (let layer: unknown = top; typeof layer === 'string' && layer !== ''; layer = parents.get(layer)) {
    if (!parents.has(layer) || !/^[0-9a-f]{64}$/.test(layer) || chain.includes(layer)) {
      throw new AppError('integrity', `Cannot find layer "${layer}" in the container storage`);
    }
    chain.unshift(layer);
  }
  return chain;
}

/** Make the folders and the configuration files. */
export async function prepareStorage(paths: StoragePaths): Promise<void> {
  const { root, runRoot, temporary, policy, emptyConfig, storageConfig } = paths;
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  await writeWhole(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  await writeWhole(emptyConfig, '');
  const storage = ['[storage]', 'driver = "overlay"', `graphroot = "${root}"`, `runroot = "${runRoot}"`, ''];
  await writeWhole(storageConfig, storage.join('\n'));
  await forgetOtherBoot(paths);
}

/** Another process may be reading the file: it gets all of the old content or all of the new. */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** After a reboot the run root tells of mounts that are gone: forget it. */
async function forgetOtherBoot(paths: StoragePaths): Promise<void> {
  const current = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const recorded = await readFile(paths.bootId, 'utf8').catch(() => '');
  if (recorded === current) return;
  await rm(paths.runRoot, { recursive: true, force: true });
  await writeFile(paths.bootId, current);
}

async function readRows(path: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '[]';
    throw error;
  });
  const rows = parseJson(text, path);
  return Array.isArray(rows) ? rows.filter(isRecord) : [];
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('integrity', `Cannot read the container storage: "${path}" is damaged`, {
      remedy:
        'Move the folder "containers" of the data directory away while no build runs: the next one makes all anew',
      cause: error,
    });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
