import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { AppError } from '../core/errors.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  /** Path of `bivouac.yml`. */
  readonly config?: string;
  /** Print one JSON document instead of text for people. */
  readonly json?: boolean;
}

/** A fault of a command that made something all the same; as JSON both are one document. */
export class FaultWithResult extends AppError {
  readonly result: object;
  /** Of a command that does several things one after another: what it says of those before. */
  readonly before: readonly object[] | undefined;

  constructor({ code, message, remedy }: AppError, result: object, before?: readonly object[]) {
    super(code, message, remedy === undefined ? {} : { remedy });
    this.name = 'FaultWithResult';
    this.result = result;
    this.before = before;
  }

  /** The same, after others. */
  after(before: readonly object[]): FaultWithResult {
    return new FaultWithResult(this, this.result, before);
  }
}

/** Exit codes: done; the work failed; the call or the configuration is at fault. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

const PLACES = ['bivouac.yml', '/etc/bivouac/bivouac.yml'] as const;

/** The global options of the command line that `command` stands on. */
export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/**
 * The configuration file to use: `--config`, else `BIVOUAC_CONFIG`, else `./bivouac.yml`, else
 * `/etc/bivouac/bivouac.yml`. Fails with `usage` when there is none.
 */
export function configFile(options: GlobalOptions): string {
  const named = options.config ?? process.env['BIVOUAC_CONFIG'];
  if (named !== undefined) return resolve(named);
  const found = PLACES.find((place) => existsSync(place));
  if (found !== undefined) return resolve(found);
  throw new AppError('usage', `Cannot find a configuration: neither "${PLACES.join('" nor "')}" exists`, {
    remedy: 'Name one with --config FILE; deploy/bivouac.yml is an example to start from',
  });
}

/** Write one line, or several, to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Write a value as indented JSON to standard output. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** The exit code that a fault ends the process with. */
export function exitCodeOf(error: unknown): number {
  return error instanceof AppError && (error.code === 'usage' || error.code === 'config-invalid')
    ? EXIT.usage
    : EXIT.failed;
}

/** The value of an option that counts something. Fails as a fault of the call. */
export function readCount(text: string): number {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new InvalidArgumentError('Wanted a whole number above 0.');
  return Number(text);
}
