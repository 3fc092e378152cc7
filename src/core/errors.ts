/**
 * Every fault Bivouac reports on purpose, as a closed set. Callers switch on `code`, never on text;
 * `servers/plugins/errors.ts` maps each code to an HTTP status, `main.ts` to an exit code.
 */
export type ErrorCode =
  | 'config-invalid'
  | 'usage'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'invalid-input'
  | 'too-large'
  | 'build-failed'
  | 'build-interrupted'
  | 'busy'
  | 'command-failed'
  | 'integrity'
  | 'storage'
  | 'unsupported';

/** A fault with a code, a message that states the failed action, and, where there is one, a remedy. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string | undefined;

  constructor(code: ErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.remedy = options.remedy;
  }
}

/** The text of any thrown value, for a log line or a wrapping message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
