import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../../scripts/run-command.ts';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import { makeSquashfs, squashfsArgv } from '../../../src/build/steps/make-squashfs.ts';
import { type BenchRow, secondsOf } from '../harness.ts';

/** Where the row works, and what it packs. */
export interface ExportOptions {
  /** A folder of the row's own. */
  readonly folder: string;
  /** The files of a layer. */
  readonly source: string;
}

/**
 * How many times as long as mksquashfs alone it takes to make an artefact of a layer: to pack it, hash it and put it
 * durably into the store. Both pack the same folder with the same options, one after the other, either one first.
 */
export async function layerExport({ folder, source }: ExportOptions): Promise<BenchRow> {
  mkdirSync(folder, { recursive: true });
  const store = await FsArtefactStore.open(join(folder, 'artefacts'));
  const signal = new AbortController().signal;
  const target = join(folder, 'layer.squashfs');
  const ours = () =>
    secondsOf(async () => {
      await makeSquashfs({ source, target }, { commands: commandRunner, log: () => undefined, signal });
      await store.adopt(target);
    });
  const bare = async (): Promise<number> => {
    const { ok, output, seconds } = await runCommand(squashfsArgv({ source, target }));
    if (!ok) throw new Error(`mksquashfs failed: ${output}`);
    return seconds;
  };
  return {
    name: 'layer-export',
    unit: 'ratio',
    bar: 1.1,
    measure: async (round) => {
      const runs = round % 2 === 0 ? [ours, bare] : [bare, ours];
      const seconds = new Map<() => Promise<number>, number>();
      for (const run of runs) {
        seconds.set(run, await run());
        rmSync(target, { force: true });
      }
      return (seconds.get(ours) ?? NaN) / (seconds.get(bare) ?? NaN);
    },
  };
}
