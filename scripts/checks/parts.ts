import { type CommandOutcome, runCommand } from '../run-command.ts';
import { checkDocs, checkWords, type Findings, shellFiles } from './own-checks.ts';
import { checkRfcRegistry } from './rfc-registry.ts';

/** One static check. */
export interface CheckPart {
  readonly name: string;
  run(): Promise<CommandOutcome>;
}

/** All checks, the longest first, so that two at a time end soonest. */
export const CHECK_PARTS: readonly CheckPart[] = [
  command('lint', ['eslint', '--max-warnings', '0', '.']),
  command('types', ['tsc', '--noEmit']),
  command('imports', ['depcruise', '--output-type', 'err', 'src']),
  command('dead-code', ['knip', '--no-progress']),
  command('format', ['biome', 'check', '--error-on-warnings', '.']),
  { name: 'shell', run: () => runCommand(['shellcheck', '--external-sources', ...shellFiles()]) },
  ownCheck('docs', checkDocs),
  ownCheck('words', checkWords),
  ownCheck('rfc', checkRfcRegistry),
];

function command(name: string, argv: readonly [string, ...string[]]): CheckPart {
  return { name, run: () => runCommand(argv) };
}

function ownCheck(name: string, check: () => Findings): CheckPart {
  return {
    name,
    run: () => {
      const started = performance.now();
      const findings = check();
      return Promise.resolve({
        ok: findings.length === 0,
        output: findings.map((line) => `${line}\n`).join(''),
        seconds: (performance.now() - started) / 1000,
      });
    },
  };
}
