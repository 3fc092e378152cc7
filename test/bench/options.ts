import { parseArgs } from 'node:util';

/** How the bench is called. */
export const USAGE = `Usage: npm run bench -- [boot|build] [--rounds N] [--only TEXT] [--json] [--save]
       npm run bench -- --table
  boot, build  one group of rows only
  --rounds N   how often each row is measured; boot 3, build 5 unless given
  --only TEXT  only what has a row with TEXT in its name
  --json       one line of JSON for each row
  --save       accept the run: into test/bench/results/ and the tables of docs/performance.md
  --table      only write the tables again, from test/bench/results/`;

/** What is to be measured, and what becomes of it. */
export interface BenchOptions {
  readonly kind: 'measure';
  /** Both without it. */
  readonly group?: 'boot' | 'build';
  readonly rounds?: number;
  /** Part of a row's name; empty for all. */
  readonly only: string;
  readonly json: boolean;
  readonly save: boolean;
}

/** What the arguments ask for; undefined when they cannot be understood. */
export function parseOptions(args: readonly string[]): BenchOptions | { readonly kind: 'table' } | undefined {
  const parsed = parsedArguments(args);
  if (parsed === undefined) return undefined;
  const { positionals, values } = parsed;
  const { rounds, only = '', json = false, save = false, table = false } = values;
  if (table) return { kind: 'table' };
  const [group, ...more] = positionals;
  if (more.length > 0 || (group !== undefined && group !== 'boot' && group !== 'build')) return undefined;
  if (rounds !== undefined && !/^[1-9]\d{0,2}$/.test(rounds)) return undefined;
  // An accepted run has all rows.
  if (save && only !== '') return undefined;
  const wanted = { kind: 'measure', only, json, save } as const;
  return {
    ...wanted,
    ...(group === undefined ? {} : { group }),
    ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
  };
}

function parsedArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        rounds: { type: 'string' },
        only: { type: 'string' },
        save: { type: 'boolean' },
        table: { type: 'boolean' },
      },
    });
  } catch {
    return undefined;
  }
}
