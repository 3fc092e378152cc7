/** How many tests passed, failed, and were skipped; and what failed, each with the reason below it. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
}

/** What is read of vitest's JSON report; `name` is the path of the file. */
interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly FileResult[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message?: string;
  readonly assertionResults: readonly TestResult[];
}

interface TestResult {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages?: readonly string[] | null;
}

/** Nothing counted yet. */
export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0, failures: [] };

/** The sum of two counts. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
  };
}

/** The lines that a run of all tests ends with: what failed, which a long output would hide, and how many. */
export function summary({ passed, failed, skipped, failures }: TestCounts): string {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return failures.length === 0 ? counts : `\nFailed:\n${failures.join('\n')}\n\n${counts}`;
}

/**
 * Counts of vitest's JSON report. A run that ended badly without a failed test (a file that cannot be loaded, an
 * unhandled rejection, no report at all) is one failure.
 */
export function parseReport(json: string | undefined, exitedWell: boolean): TestCounts {
  const report = parse(json ?? '{}');
  const failed = report.numFailedTests ?? 0;
  const failures = (report.testResults ?? []).flatMap(failuresOf);
  const isBad = failed === 0 && !exitedWell;
  return {
    passed: report.numPassedTests ?? 0,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
    failed: isBad ? 1 : failed,
    failures: isBad && failures.length === 0 ? ['a run of vitest that ended badly: see above'] : failures,
  };
}

function failuresOf({ name, status, message, assertionResults }: FileResult): readonly string[] {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' ? [entry(name, message)] : [];
  return failed.map((test) => entry(`${name}: ${test.fullName}`, test.failureMessages?.[0]));
}

function entry(title: string, reason: string | undefined): string {
  const lines = (reason ?? '').split('\n').filter((line) => line.trim() !== '');
  return [title, ...lines.slice(0, 6)].join('\n    ');
}

function parse(json: string): Report {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
