import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';
import { buildImage, imageStates, planImage } from '../../src/build/build.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { RecipeWorld } from '../../src/build/recipes/recipe-world.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { imageName } from '../builders.ts';
import { NO_RECIPES } from '../fakes/playbooks.ts';
import { fillBusyboxRoot } from './busybox-root.ts';
import { plantBase } from './plant-base.ts';
import { realSite, treeOf } from './site.ts';

/** A folder of images, and a data directory in which a small root is known as the base of `trixie`. */
export class SmallSite {
  readonly path = mkdtempSync(join(tmpdir(), 'bivouac-stages-'));
  readonly images = join(this.path, 'images');
  readonly lines: string[] = [];
  recipes: RecipeWorld = NO_RECIPES;
  #site: (BuildSite & { close(): Promise<void> }) | undefined;

  get site(): BuildSite & { close(): Promise<void> } {
    if (this.#site === undefined) throw new Error('The site is not open');
    return { ...this.#site, world: { ...this.#site.world, recipes: this.recipes } };
  }

  async open(more: (root: string) => Promise<void> = () => Promise.resolve()): Promise<void> {
    this.#site = await realSite(join(this.path, 'data'));
    const [trixie] = treeOf({ trixie: {} }, this.images);
    if (trixie === undefined) throw new Error('There is no image');
    await plantBase(trixie, this.site, async (root) => {
      await fillBusyboxRoot(root);
      mkdirSync(join(root, 'home/www'), { recursive: true });
      writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\nwww:x:33:34::/home/www:/bin/sh\n');
      writeFileSync(join(root, 'etc/group'), 'root:x:0:\nwww:x:34:\nadm:x:4:\n');
      await more(root);
    });
  }

  /** Files of the images folder, by their relative paths. */
  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.images, name)), { recursive: true });
      writeFileSync(join(this.images, name), text);
    }
  }

  /** Build the image `web` of these stages. */
  async build(...stages: readonly string[]): Promise<BuildOutcome> {
    this.lines.length = 0;
    const log = (line: string) => this.lines.push(line);
    return await buildImage({ ...this.#request(stages), log }, this.site);
  }

  async plan(...stages: readonly string[]): ReturnType<typeof planImage> {
    return await planImage(this.#request(stages), this.site);
  }

  async states(...stages: readonly string[]): ReturnType<typeof imageStates> {
    const { images } = this.#request(stages);
    return await imageStates(images, { ...this.site, ...this.site.world });
  }

  #request(stages: readonly string[]) {
    const outputs = { files: { passwd: '/etc/passwd' } };
    const images = treeOf({ trixie: { web: { stages, outputs } } }, this.images);
    const { signal } = new AbortController();
    return { image: imageName('web'), images, signal };
  }

  /** Where the files of a release's topmost layer are. */
  async topOf({ release }: BuildOutcome): Promise<string> {
    const id = release.release.layers.at(-1)?.contentId;
    const result = id === undefined ? undefined : await this.site.cache.find(id as never);
    if (result?.kind !== 'layer') throw new Error('Expected a layer');
    return await this.site.world.engine.topLayer(result.container);
  }

  async remove(): Promise<void> {
    await this.site.close();
    for (const point of await mountPointsBelow(this.path))
      await commandRunner.run(['umount', '--lazy', point]);
    rmSync(this.path, { recursive: true, force: true });
  }
}
