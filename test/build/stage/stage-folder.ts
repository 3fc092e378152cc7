import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { commandRunner } from '../../../src/adapters/command.ts';
import { buildImage } from '../../../src/build/build.ts';
import { makeLayer } from '../../../src/build/layer.ts';
import { mountPointsBelow } from '../../../src/build/mounts.ts';
import type { BuildOutcome } from '../../../src/build/outcome.ts';
import { stepsOf } from '../../../src/build/plan.ts';
import { imageChain } from '../../../src/build/selection.ts';
import type { BuildSite } from '../../../src/build/site.ts';
import type { ImageDefinition } from '../../../src/core/image.ts';
import { imageName } from '../../builders.ts';
import { fillBusyboxRoot } from '../busybox-root.ts';
import { realSite, treeOf } from '../site.ts';

/** What builds above a busybox root need. */
export const STAGE_TOOLS = ['root', 'buildah', 'mksquashfs', 'flock', 'busybox', 'setfattr', 'getfattr'];

const NAME = imageName('demo');

/** A folder with stages of an image `demo` above a busybox root, and a data directory to build it in for real. */
export class StageFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'bivouac-stages-'));
  readonly lines: string[] = [];
  #site: (BuildSite & { close(): Promise<void> }) | undefined;

  write(name: string, text: string, mode = 0o644): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    return path;
  }

  /** Build the image with these keys, below a base that `fill` adds to. */
  async build(
    keys: Readonly<Record<string, unknown>>,
    fill: (root: string) => void,
    timeLimit = 60_000,
  ): Promise<BuildOutcome> {
    const demo = { outputs: { files: { shell: '/bin/busybox' } }, ...keys };
    const images = treeOf({ trixie: { demo } }, this.path).map((image) => ({ ...image, timeLimit }));
    const site = (this.#site ??= await realSite(join(this.path, 'data')));
    await this.#plantBase(images, fill, site);
    const signal = new AbortController().signal;
    const log = (line: string): void => void this.lines.push(line);
    return await buildImage({ image: NAME, images, log, signal }, site);
  }

  /** The directory with the files of one layer, base first. */
  async layer({ release }: BuildOutcome, index: number): Promise<string> {
    const id = release.release.layers[index]?.contentId;
    const result = await this.#site?.cache.find(id as never);
    if (result?.kind !== 'layer') throw new Error(`Expected the result of layer ${index}`);
    return (await this.#site?.world.engine.topLayer(result.container)) ?? '';
  }

  async leftovers(): Promise<readonly string[]> {
    return (await mountPointsBelow(this.path)).filter((point) => !point.endsWith('/root/overlay'));
  }

  async remove(): Promise<void> {
    await this.#site?.close();
    for (const point of await mountPointsBelow(this.path))
      await commandRunner.run(['umount', '--lazy', point]);
    rmSync(this.path, { recursive: true, force: true });
  }

  /** What a bootstrap would take half a minute for. */
  async #plantBase(
    images: readonly ImageDefinition[],
    fill: (root: string) => void,
    site: BuildSite,
  ): Promise<void> {
    const inputs = { get: () => '0' } as unknown as ReadonlyMap<string, string>;
    const [step] = stepsOf(imageChain(images, NAME), inputs);
    if (step === undefined || (await site.cache.find(step.id)) !== undefined) return;
    mkdirSync(site.workFolder, { recursive: true });
    const { cache, workFolder } = site;
    const signal = new AbortController().signal;
    const context = { ...site.world, step, parent: undefined, workFolder, cache, signal };
    const result = await makeLayer({ ...context, log: () => undefined }, async ({ root }) => {
      await fillBusyboxRoot(root);
      fill(root);
    });
    await cache.put(step.id, result);
  }
}
