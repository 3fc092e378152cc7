/** One thing that is measured, against what it must not exceed. */
export interface BenchRow {
  readonly name: string;
  readonly unit: 's' | 'ratio' | 'steps';
  /** The median must not be above this. */
  readonly bar: number;
  /** One measurement, in the unit. Rejects when what was measured is not what was meant. */
  measure(round: number): Promise<number>;
}

/** What came of a row. */
export interface BenchResult {
  readonly name: string;
  readonly unit: BenchRow['unit'];
  /** Median of the rounds; null when there is none. */
  readonly value: number | null;
  readonly bar: number;
  readonly ok: boolean;
  /** Every measurement, in the order made. */
  readonly rounds: readonly number[];
  readonly error?: string;
}

/**
 * Measure all rows once in each round, so that a busy minute of the machine falls on all of them alike. A row that
 * fails is not measured again and is not ok.
 */
export async function runRounds(
  rows: readonly BenchRow[],
  rounds: number,
  tell: (line: string) => void = () => undefined,
): Promise<readonly BenchResult[]> {
  const measured = rows.map((row) => ({ row, values: new Array<number>(), error: '' }));
  for (let round = 0; round < rounds; round++) {
    for (const entry of measured) {
      if (entry.error !== '') continue;
      try {
        const value = await entry.row.measure(round);
        entry.values.push(value);
        tell(`round ${round + 1}: ${entry.row.name} ${value.toFixed(3)} ${entry.row.unit}`);
      } catch (error) {
        entry.error = error instanceof Error ? error.message : String(error);
      }
    }
  }
  return measured.map(({ row, values, error }) => resultOf(row, values, error));
}

function resultOf({ name, unit, bar }: BenchRow, values: readonly number[], error: string): BenchResult {
  const value = median(values);
  const ok = error === '' && value !== null && value <= bar;
  const rounds = values.map(rounded);
  const shown = value === null ? null : rounded(value);
  return { name, unit, value: shown, bar, ok, rounds, ...(error === '' ? {} : { error }) };
}

/** The middle value, or the mean of the two in the middle; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Seconds that `work` takes by the wall clock. */
export async function secondsOf(work: () => Promise<unknown> | undefined): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Measurements are not good for more than four digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
