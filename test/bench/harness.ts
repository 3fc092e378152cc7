/** What a value is counted in. */
export type Unit =
  | 's'
  | 'ms'
  | 'ratio'
  | 'steps'
  | 'failures'
  | 'drops'
  | 'percent'
  | 'answers'
  | 'MiB'
  | 'layers'
  | 'faults';

/** What the median of a row must be. */
export interface Bar {
  readonly must: 'at-least' | 'at-most';
  readonly limit: number;
}

/** A bar that the median must reach. */
export function atLeast(limit: number): Bar {
  return { must: 'at-least', limit };
}

/** A bar that the median must not exceed. */
export function atMost(limit: number): Bar {
  return { must: 'at-most', limit };
}

/** Whether a value meets a bar; a value at it does. */
export function meets({ must, limit }: Bar, value: number): boolean {
  return must === 'at-least' ? value >= limit : value <= limit;
}

/** One line of the report: something that has a bar. */
export interface BenchRow {
  readonly name: string;
  readonly unit: Unit;
  readonly bar: Bar;
  /** What was done, with its sizes, for who reads the figure. */
  readonly work: string;
  /** What the figures beside the value are counted in. */
  readonly figuresUnit?: string;
}

/** What each server did, by its name: what a ratio was made of. */
export type Figures = Readonly<Record<string, number>>;

/** One measurement of a row, in its unit. */
export interface Measured {
  readonly value: number;
  readonly figures?: Figures;
}

/** Work that is done once in each round and gives one measurement for each of its rows. */
export interface BenchCase {
  readonly rows: readonly BenchRow[];
  /** Why it cannot be measured here. */
  readonly skip?: string;
  /** In how many rounds, where one costs minutes; in all unless given. */
  readonly rounds?: number;
  /** By the names of the rows. Rejects when what was measured is not what was meant. */
  measure(round: number): Promise<Readonly<Record<string, Measured>>>;
}

/** A case of one row. */
export function oneRow(row: BenchRow, measure: (round: number) => Promise<Measured>): BenchCase {
  return { rows: [row], measure: async (round) => ({ [row.name]: await measure(round) }) };
}

/** What came of a row. */
export interface BenchResult {
  readonly name: string;
  readonly unit: Unit;
  /** Median of the rounds; null when there is none. */
  readonly value: number | null;
  readonly bar: number;
  readonly must: Bar['must'];
  readonly ok: boolean;
  /** Every measurement, in the order made. */
  readonly rounds: readonly number[];
  readonly work: string;
  /** Median of each figure. */
  readonly figures?: Figures;
  readonly figuresUnit?: string;
  /** Why it was not measured; then it is neither met nor missed. */
  readonly skipped?: string;
  /** Why it failed in one of the rounds. */
  readonly error?: string;
}

/** How often, and who hears about it. */
export interface RunOptions {
  readonly rounds: number;
  readonly tell?: (line: string) => void;
  /** Once aborted, what is left is not measured. */
  readonly signal?: AbortSignal;
}

/**
 * Measure all cases once in each round, so that a busy minute of the machine falls on all of them alike. A case that
 * fails is not measured again and its rows are not ok.
 */
export async function runRounds(
  cases: readonly BenchCase[],
  { rounds, tell = () => undefined, signal }: RunOptions,
): Promise<readonly BenchResult[]> {
  const runs = cases.map((one) => ({
    one,
    measured: new Array<Readonly<Record<string, Measured>>>(),
    error: '',
  }));
  for (let round = 0; round < rounds; round++) {
    for (const run of runs) {
      if (run.one.skip !== undefined || run.error !== '' || round >= (run.one.rounds ?? rounds)) continue;
      try {
        signal?.throwIfAborted();
        const measured = await run.one.measure(round);
        run.measured.push(measured);
        for (const row of run.one.rows)
          tell(`round ${round + 1}: ${row.name} ${lineOf(row, measured[row.name])}`);
      } catch (error) {
        run.error = error instanceof Error ? error.message : String(error);
        tell(`round ${round + 1}: ${run.one.rows.map(({ name }) => name).join(', ')}: ${run.error}`);
      }
    }
  }
  return runs.flatMap(({ one, measured, error }) =>
    one.rows.map((row) =>
      resultOf(
        row,
        measured.flatMap((each) => each[row.name] ?? []),
        { error, skip: one.skip },
      ),
    ),
  );
}

function lineOf({ unit, figuresUnit = '' }: BenchRow, measured: Measured | undefined): string {
  if (measured === undefined) return 'was not measured';
  const figures = Object.entries(measured.figures ?? {}).map(([name, value]) => `${name} ${rounded(value)}`);
  const beside = figures.length === 0 ? '' : ` (${figures.join(', ')} ${figuresUnit}`.trimEnd() + ')';
  return `${measured.value.toFixed(3)} ${unit}${beside}`;
}

function resultOf(
  row: BenchRow,
  measured: readonly Measured[],
  { error, skip }: { readonly error: string; readonly skip: string | undefined },
): BenchResult {
  const { name, unit, bar, work, figuresUnit } = row;
  const values = measured.map(({ value }) => value);
  const value = median(values);
  const figures = medianFigures(measured);
  return {
    name,
    unit,
    value: value === null ? null : rounded(value),
    bar: bar.limit,
    must: bar.must,
    ok: skip === undefined && error === '' && value !== null && meets(bar, value),
    rounds: values.map(rounded),
    work,
    ...(figures === undefined ? {} : { figures }),
    ...(figures === undefined || figuresUnit === undefined ? {} : { figuresUnit }),
    ...(skip === undefined ? {} : { skipped: skip }),
    ...(error === '' ? {} : { error }),
  };
}

function medianFigures(measured: readonly Measured[]): Figures | undefined {
  const names = [...new Set(measured.flatMap(({ figures = {} }) => Object.keys(figures)))];
  if (names.length === 0) return undefined;
  const of = (name: string) => median(measured.flatMap(({ figures = {} }) => figures[name] ?? [])) ?? 0;
  return Object.fromEntries(names.map((name) => [name, rounded(of(name))]));
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
