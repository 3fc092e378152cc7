import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../scripts/run-command.ts';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import { makeSquashfs, squashfsArgv } from '../../../src/build/steps/make-squashfs.ts';
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
  work: 'the largest layer of `web` packed, hashed and put into the store; against `mksquashfs` alone',
  figuresUnit: 's',
};

/**
 * How many times as long as mksquashfs alone it takes to make an artefact of a layer: to pack it, hash it and put it
 * durably into the store. Both pack the same folder with the same options, one after the other, either one first.
 */
export function layerExport(options: () => ExportOptions): BenchCase {
  return oneRow(LAYER_EXPORT_ROW, async (round) => {
    const { folder, source } = options();
    const target = join(folder, 'layer.squashfs');
    mkdirSync(folder, { recursive: true });
    const store = await FsArtefactStore.open(join(folder, 'artefacts'));
    const runs = [
      ['bivouac', () => ours({ source, target }, store)],
      ['mksquashfs', () => bare({ source, target })],
    ] as const;
    const seconds: Record<string, number> = {};
    for (const [name, run] of round % 2 === 0 ? runs : runs.toReversed()) {
      seconds[name] = await run();
      rmSync(target, { force: true });
    }
    return ratioTo('mksquashfs', seconds);
  });
}

interface Packing {
  readonly source: string;
  readonly target: string;
}

function ours(packing: Packing, store: FsArtefactStore): Promise<number> {
  const signal = new AbortController().signal;
  return secondsOf(async () => {
    await makeSquashfs(packing, { commands: commandRunner, log: () => undefined, signal });
    await store.adopt(packing.target);
  });
}

async function bare(packing: Packing): Promise<number> {
  const { ok, output, seconds } = await runCommand(squashfsArgv(packing));
  if (!ok) throw new Error(`mksquashfs failed: ${output}`);
  return seconds;
}
