/** Measures what has a bar, and tells how it stands; see {@link USAGE}. Exit code 1 when a bar is missed. */
import { bootGroup } from './groups/boot.ts';
import { buildGroup } from './groups/build.ts';
import type { BenchGroup } from './groups/group.ts';
import { type BenchResult, runRounds } from './harness.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { currentLoad, jsonLines, machineOf, tableOf } from './report.ts';
import { acceptRun, keepRun, writeTables } from './results.ts';

const GROUPS: readonly BenchGroup[] = [bootGroup, buildGroup];

const options = parseOptions(process.argv.slice(2));
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interrupted.abort(new Error(`Interrupted by ${signal}`)));

if (options === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exitCode = 2;
} else if (options.kind === 'table') {
  writeTables();
} else {
  for (const group of GROUPS.filter(({ name }) => options.group === undefined || options.group === name))
    if (!interrupted.signal.aborted) report(await measure(group, options), options);
}

async function measure(group: BenchGroup, wanted: BenchOptions): Promise<readonly BenchResult[]> {
  const [started, loadBefore] = [new Date(), currentLoad()];
  if (loadBefore > 1) tell(`The machine is busy (load ${loadBefore}): the figures will say little`);
  const open = await group.open({ tell, signal: interrupted.signal });
  try {
    const cases = open.cases.filter(({ rows }) => rows.some(({ name }) => name.includes(wanted.only)));
    if (cases.some(({ skip }) => skip === undefined)) await open.prepare();
    const rounds = wanted.rounds ?? group.rounds;
    const results = await runRounds(cases, { rounds, tell, signal: interrupted.signal });
    const run = { machine: machineOf(started, loadBefore, open.peers), results };
    keepRun(group.name, run);
    if (wanted.save) acceptRun(group.name, run);
    return results;
  } finally {
    await open.close();
  }
}

function report(results: readonly BenchResult[], { json }: BenchOptions): void {
  console.log(json ? jsonLines(results) : `\n${tableOf(results)}`);
  const skipped = results.filter((result) => result.skipped !== undefined).length;
  if (skipped > 0) tell(`${skipped} rows were skipped: nothing is known of them`);
  if (results.some((result) => !result.ok && result.skipped === undefined)) process.exitCode = 1;
}

/** Progress; what is on standard output is for others to read. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
