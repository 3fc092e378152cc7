import type { Digest } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { LayerEntry } from '../../core/layer-entry.ts';
import type { Argv, CommandRunner } from '../../ports/command.ts';
import type { LayerFiles, TextPlace } from '../../ports/layer-files.ts';
import type { FsArtefactStore } from '../fs-artefact-store.ts';
import type { ListingCache } from './listing-cache.ts';
import { entriesOf, type TarInput, tarInput, textsOf } from './tar-entries.ts';

/** Long enough for some 100 GB. */
const TIME_LIMIT = 30 * 60 * 1000;

/** What looking into layers needs. */
export interface SquashfsOptions {
  readonly artefacts: Pick<FsArtefactStore, 'stat' | 'pathOf'>;
  readonly commands: CommandRunner;
  readonly cache: ListingCache;
}

/** Reads squashfs layers through `sqfs2tar`, which needs neither a mount nor root. */
export class SquashfsLayerFiles implements LayerFiles {
  private readonly options: SquashfsOptions;

  constructor(options: SquashfsOptions) {
    this.options = options;
  }

  async list(layer: Digest): Promise<readonly LayerEntry[]> {
    const known = await this.options.cache.find(layer);
    if (known !== undefined) return known;
    const entries = await this.read(layer, [], entriesOf);
    await this.options.cache.put(layer, entries);
    return entries;
  }

  async visitTexts(
    layer: Digest,
    { folder, ending }: TextPlace,
    visit: (name: string, text: string) => void,
  ): Promise<void> {
    const nameOf = (path: string): string | undefined => {
      const name = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : '';
      return name.endsWith(ending) && !name.includes('/') ? name : undefined;
    };
    await this.read(layer, ['--keep-as-dir', '--subdir', folder], (input) => textsOf(input, nameOf, visit));
  }

  private async read<T>(
    layer: Digest,
    options: readonly string[],
    take: (input: TarInput) => Promise<T>,
  ): Promise<T> {
    const { artefacts, commands } = this.options;
    if ((await artefacts.stat(layer)) === undefined) {
      throw new AppError('not-found', `Cannot look into layer "${layer}": it is not in the store`, {
        remedy: 'Build the image again, or pin releases that are to be kept',
      });
    }
    const input = tarInput();
    const argv: Argv = ['sqfs2tar', ...options, artefacts.pathOf(layer)];
    const running = commands.run(argv, { output: input, timeout: TIME_LIMIT, tethered: true });
    running.catch((error: unknown) => input.destroy(error instanceof Error ? error : undefined));
    const taken = await take(input).catch(async (error: unknown) => {
      await running; // why the program failed says more than that its output ended
      throw error;
    });
    await running;
    return taken;
  }
}
