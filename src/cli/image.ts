import { Command } from 'commander';
import type { Publication } from '../core/catalogue.ts';
import type { ImageDefinition } from '../core/image.ts';
import { fetchedOf, type Release } from '../core/release.ts';
import { formatBytes, formatTable, formatTime } from './format.ts';
import { imageLintCommand } from './image-lint.ts';
import { imageTreeCommand } from './image-tree.ts';
import { globalOptions, print, printJson } from './invocation.ts';
import { withState } from './site.ts';

/** `bivouac image list`, `bivouac image tree`, `bivouac image lint IMAGE`. */
export function imageCommand(): Command {
  const image = new Command('image').description('images and what is published of them');
  image.addCommand(
    new Command('list')
      .description('the tree of images with their channels')
      .action((_options, command: Command) =>
        withState(globalOptions(command), async ({ snapshots, site }, { json }) => {
          const { publications } = (await snapshots.current()).catalogue;
          if (json) {
            printJson(
              site.images.map((definition) => ({
                ...definition,
                publications: of(definition, publications),
              })),
            );
            return;
          }
          const rows = site.images.flatMap((definition) =>
            imageRows(definition, of(definition, publications)),
          );
          print(formatTable(['IMAGE', 'PARENT', 'ARCH', 'CHANNEL', 'RELEASE', 'SIZE', 'PUBLISHED'], rows));
        }),
      ),
  );
  image.addCommand(imageTreeCommand());
  image.addCommand(imageLintCommand());
  return image;
}

function of(definition: ImageDefinition, publications: readonly Publication[]): Publication[] {
  return publications.filter((entry) => entry.image === definition.name);
}

function imageRows(definition: ImageDefinition, publications: readonly Publication[]): string[][] {
  const head = [definition.name, definition.parent ?? '-'];
  if (publications.length === 0) return [[...head, definition.architecture, '-', '-', '-', '-']];
  return publications.map(({ channel, digest, release, publishedAt }) => [
    ...head,
    release.architecture,
    channel,
    digest.slice(0, 19),
    formatBytes(sizeOf(release)),
    formatTime(publishedAt),
  ]);
}

/** Bytes that a host fetches of a release. */
function sizeOf(release: Release): number {
  return fetchedOf(release).reduce((sum, part) => sum + part.size, 0);
}
