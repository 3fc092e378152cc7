import type { Logger } from 'pino';

/** The part of a logger that the servers of datagrams use. */
export type DatagramLogger = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

/** One line to log. `topic` is one of a closed set, never text from the wire. */
export interface QuietLine {
  readonly level: 'debug' | 'warn' | 'error';
  readonly topic: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const WINDOW_MS = 10_000;

/** Logs a topic once in ten seconds and counts the rest, so that a flood of junk fills no disk. */
export class QuietLog {
  readonly #logger: DatagramLogger;
  readonly #topics = new Map<string, { since: number; suppressed: number }>();

  constructor(logger: DatagramLogger) {
    this.#logger = logger;
  }

  /** Log the line, or count it. */
  log({ level, topic, fields }: QuietLine): void {
    const now = performance.now();
    const last = this.#topics.get(topic);
    if (last !== undefined && now - last.since < WINDOW_MS) {
      last.suppressed++;
      return;
    }
    this.#topics.set(topic, { since: now, suppressed: 0 });
    const suppressed = last?.suppressed ?? 0;
    this.#logger[level](suppressed === 0 ? fields : { ...fields, suppressed }, topic);
  }
}
