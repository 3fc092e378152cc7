import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';

/** How a logger writes; those left out have defaults. */
export interface LoggerOptions {
  /** Least level written; `info` by default. */
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Standard error by default: standard output belongs to a command's result. */
  readonly destination?: DestinationStream;
}

const MAX_TEXT = 2000;

// Nobody should log these; if somebody does, the value is not written.
const SECRET_KEYS = ['authorization', 'token', 'password', 'secret', 'privateKey'];

/** A logger of JSON lines, one bounded line for each event. */
export function createLogger(options: LoggerOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      redact: {
        paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
        censor: '[secret]',
      },
      serializers: { err: errorFields, error: errorFields, req: requestFields, res: () => undefined },
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination ?? pino.destination(2),
  );
}

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { ...code, message: withoutQueries(error.message), stack: withoutQueries(error.stack ?? '') };
}

/** Of a request nothing but its method and its path: headers and the query may hold a token. */
function requestFields(request: unknown): unknown {
  if (typeof request !== 'object' || request === null) return undefined;
  const method = 'method' in request ? request.method : undefined;
  const url = 'url' in request && typeof request.url === 'string' ? request.url.split('?')[0] : undefined;
  return { method, url: url?.slice(0, MAX_TEXT) };
}

function withoutQueries(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/\?[^\s"']*/g, '?…');
}
