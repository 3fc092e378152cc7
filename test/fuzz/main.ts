import { parseArgs } from 'node:util';
import { FuzzFailure, fuzz, keepInput, type Target } from './fuzz.ts';
import { TARGETS } from './targets.ts';

/** Fuzz longer than a test run does: `npm run fuzz -- [--target NAME] [--seconds 60] [--seed N]`. A failing input is kept. */
const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const chosen = TARGETS.map(([target]) => target).filter(({ name }) => (values.target ?? name) === name);
if (chosen.length === 0) {
  console.error(`No target is named "${values.target}": ${TARGETS.map(([{ name }]) => name).join(', ')}`);
  process.exitCode = 2;
}
for (const target of chosen) await run(target, Number(values.seed), Number(values.seconds) * 1000);

async function run(target: Target, seed: number, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  try {
    const cases = await fuzz(target, seed, () => performance.now() < until);
    console.log(`${target.name}: stood ${cases} inputs, seed ${seed}`);
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    console.error(error.message);
    console.error(`Kept as ${keepInput(target, `found-${seed}`, error.input)}`);
    process.exitCode = 1;
  } finally {
    await target.stop?.();
  }
}
