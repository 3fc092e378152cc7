import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../scripts/run-command.ts';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import { exportLayer } from '../../../src/build/layer.ts';
import { squashfsArgv } from '../../../src/build/steps/make-squashfs.ts';
import { atMost, type BenchCase, type BenchRow, oneRow, secondsOf } from '../harness.ts';
import { ratioTo } from './comparison.ts';

/** Where the row works, and what it packs. */
export interface ExportOptions {
  /** A folder of the row's own. */
  readonly folder: string;
  /** The files of a layer. */
  readonly source: string;
}

/** What is measured of the export of a layer. */
export const LAYER_EXPORT_ROW: BenchRow = {
  name: 'layer-export',
  unit: 'ratio',
  bar: atMost(1.1),
  work: 'a layer with a compiler, packed, looked through for secrets, hashed and put durably into the store; against `mksquashfs` alone with the same options',
  figuresUnit: 's',
};

/**
 * How many times as long as mksquashfs alone it takes to make an artefact of a layer, as builds do. Both pack the same
 * folder, one after the other, either one first.
 */
export function layerExport(options: () => Promise<ExportOptions>): BenchCase {
  return oneRow(LAYER_EXPORT_ROW, async (round) => {
    const { folder, source } = await options();
    mkdirSync(folder, { recursive: true });
    const target = join(folder, 'bare.squashfs');
    const store = await FsArtefactStore.open(join(folder, 'artefacts'));
    const runs = [
      ['bivouac', () => ours(source, folder, store)],
      ['mksquashfs', () => bare(source, target)],
    ] as const;
    const seconds: Record<string, number> = {};
    for (const [name, run] of round % 2 === 0 ? runs : runs.toReversed()) {
      // What was written before is not charged to who waits for the disk.
      await commandRunner.run(['sync', '--file-system', folder]);
      seconds[name] = await run();
    }
    rmSync(folder, { recursive: true });
    return ratioTo('mksquashfs', seconds);
  });
}

function ours(source: string, workFolder: string, artefacts: FsArtefactStore): Promise<number> {
  const { signal } = new AbortController();
  const context = { artefacts, commands: commandRunner, log: () => undefined, signal, workFolder, step: {} };
  return secondsOf(() => exportLayer(source, context));
}

async function bare(source: string, target: string): Promise<number> {
  const { ok, output, seconds } = await runCommand(squashfsArgv({ source, target }));
  if (!ok) throw new Error(`mksquashfs failed: ${output}`);
  return seconds;
}
