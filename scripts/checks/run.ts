import { styleText } from 'node:util';
import { CHECK_PARTS, type CheckPart } from './parts.ts';

// As many as the smallest machine that this has to be quick on has cores.
const AT_ONCE = 2;

/** How many checks passed and failed, and the names of those that failed. */
export interface CheckCounts {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly string[];
}

/** Runs the checks two at a time; prints a line for each, and the output of each that failed. */
export async function runChecks(parts: readonly CheckPart[] = CHECK_PARTS): Promise<CheckCounts> {
  const waiting = [...parts];
  const failures: string[] = [];
  const worker = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      if (!(await runOne(part))) failures.push(`the check "${part.name}": see above`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const failed = failures.length;
  return { passed: parts.length - failed, failed, failures };
}

async function runOne(part: CheckPart): Promise<boolean> {
  const { ok, output, seconds } = await part.run();
  const word = ok ? styleText('green', 'ok    ') : styleText('red', 'FAILED');
  console.log(`${word} ${part.name.padEnd(18)} ${seconds.toFixed(1).padStart(5)} s`);
  if (!ok) console.log(output.trimEnd());
  return ok;
}
