import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from './checks/run.ts';
import { addCounts, NO_TESTS, parseReport, summary, type TestCounts } from './test-counts.ts';

const PROJECTS = ['unit', 'tool', 'e2e'] as const;

const { full, checksFirst, projects } = parseArguments(process.argv.slice(2));
let counts: TestCounts = NO_TESTS;
if (checksFirst) counts = addCounts(counts, { ...NO_TESTS, ...(await runChecks()) });
for (const project of projects) counts = addCounts(counts, runProject(project));
if (full) counts = addCounts(counts, runProject('full'));
console.log(summary(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;

function parseArguments(args: readonly string[]): {
  full: boolean;
  checksFirst: boolean;
  projects: readonly string[];
} {
  const named = args.filter((arg) => !arg.startsWith('--'));
  const unknown = args.filter((arg) => !['--full', '--check', ...PROJECTS].includes(arg));
  if (unknown.length > 0) {
    console.error(
      `Unknown arguments ${unknown.join(' ')}; usage: scripts/test [--check] [--full] [${PROJECTS.join('|')}]…`,
    );
    process.exit(2);
  }
  return {
    full: args.includes('--full'),
    checksFirst: args.includes('--check'),
    projects: named.length > 0 ? named : PROJECTS,
  };
}

// One project after the other: tool and e2e tests need the machine for themselves.
function runProject(project: string): TestCounts {
  console.log(`\n── ${project} tests`);
  const directory = mkdtempSync(join(tmpdir(), 'bivouac-report-'));
  const report = join(directory, 'report.json');
  try {
    const { status } = spawnSync(
      'vitest',
      [
        'run',
        '--project',
        project,
        '--passWithNoTests',
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      { stdio: 'inherit' },
    );
    return parseReport(readIfThere(report), status === 0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
