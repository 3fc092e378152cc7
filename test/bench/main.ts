/** Measures what has a bar: `npm run bench [-- --json] [--rounds N] [--save]`. Exit code 1 when a bar is not met. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchRow, runRounds } from './harness.ts';
import { currentLoad, jsonLines, machineLine, tableOf } from './report.ts';
import { buildOneStage, buildUnchanged } from './rows/build.ts';
import { conffsOfHosts } from './rows/conffs.ts';
import { layerExport } from './rows/layer-export.ts';
import { SiteCopy } from './site-copy.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error(`Cannot measure "${values.rounds}" rounds: wanted a whole number from 1`);
const tell = (line: string): void => {
  if (!values.json) process.stderr.write(`${line}\n`);
};

const loadBefore = currentLoad();
if (loadBefore > 1) tell(`The machine is busy (load ${loadBefore}): the figures will say little`);
tell('Copying the site of the demo');
const site = await SiteCopy.make();
try {
  const results = await runRounds(await rowsOf(site), rounds, tell);
  console.log(values.json ? jsonLines(results) : `\n${tableOf(results)}`);
  if (values.save) save(`${machineLine(new Date(), loadBefore)}\n${jsonLines(results)}\n`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
} finally {
  await site.remove();
}

async function rowsOf(copy: SiteCopy): Promise<readonly BenchRow[]> {
  const exporting = { folder: join(copy.path, 'export'), source: largestLayer(copy) };
  return [buildUnchanged(copy), buildOneStage(copy), await layerExport(exporting), conffsOfHosts()];
}

/** The files of the layer that has most of them. */
function largestLayer(copy: SiteCopy): string {
  const overlay = join(copy.data, 'containers/root/overlay');
  const layers = readdirSync(overlay)
    .map((name) => join(overlay, name, 'diff'))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  const weighed = layers.map((path) => ({ path, entries: readdirSync(path, { recursive: true }).length }));
  const [largest] = weighed.toSorted((a, b) => b.entries - a.entries);
  if (largest === undefined) throw new Error(`Cannot find a layer below "${overlay}"`);
  return largest.path;
}

function save(text: string): void {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${new Date().toISOString().slice(0, 10)}.jsonl`), text);
}
