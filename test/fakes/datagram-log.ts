import type { DatagramLogger } from '../../src/servers/quiet-log.ts';

/** Log lines as they would be written. */
export class FakeLog implements DatagramLogger {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: unknown }[] = [];
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  /** Messages of a level. */
  of(level: string): readonly string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }

  #at(level: string): DatagramLogger['info'] {
    return (fields: unknown, message?: unknown) => {
      this.lines.push({ level, message: String(message), fields });
    };
  }
}
