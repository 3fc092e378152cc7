/** How many tests passed, failed, and were skipped. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Nothing counted yet. */
export const NO_TESTS: TestCounts = { passed: 0, failed: 0, skipped: 0 };

/** The sum of two counts. */
export function addCounts(a: TestCounts, b: TestCounts): TestCounts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** The line that a run of all tests ends with. */
export function countsLine({ passed, failed, skipped }: TestCounts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/**
 * Counts of vitest's JSON report. A run that ended badly without a failed test (a file that cannot be loaded, an
 * unhandled rejection, no report at all) is one failure.
 */
export function parseReport(json: string | undefined, exitedWell: boolean): TestCounts {
  const report = parseObject(json ?? '{}');
  const passed = countOf(report, 'numPassedTests');
  const failed = countOf(report, 'numFailedTests');
  const skipped = countOf(report, 'numPendingTests') + countOf(report, 'numTodoTests');
  return { passed, skipped, failed: failed === 0 && !exitedWell ? 1 : failed };
}

function parseObject(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function countOf(report: Readonly<Record<string, unknown>>, key: string): number {
  const value = report[key];
  return typeof value === 'number' ? value : 0;
}
