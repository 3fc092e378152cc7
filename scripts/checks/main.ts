import { CHECK_PARTS } from './parts.ts';
import { runChecks } from './run.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !CHECK_PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(`No check is named ${unknown.map((name) => `"${name}"`).join(', ')}`);
  console.error(`Checks: ${CHECK_PARTS.map((part) => part.name).join(', ')}`);
  process.exitCode = 2;
} else {
  const parts = CHECK_PARTS.filter((part) => wanted.length === 0 || wanted.includes(part.name));
  const { failed } = await runChecks(parts);
  process.exitCode = failed === 0 ? 0 : 1;
}
