import type { LineSink } from '../ports/container-engine.ts';

/** Longest line handed on, in characters; what is longer is cut and marked with `…`. */
export const MAX_LINE = 16 * 1024;

// All of C0 but tab, DEL, C1, and the separators that some readers take for a line end.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is its purpose
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g;

/** The text with control characters written as `\x1b` or `\u2028`, so that it can do nothing to a terminal or a log. */
export function escapeControl(text: string): string {
  return text.replace(CONTROL, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
  });
}

/** Turns the bytes of a stream into lines; a carriage return ends a line too, so that progress bars are seen. */
export class LineSplitter {
  private readonly decoder = new TextDecoder();
  private readonly sink: LineSink;
  private pending = '';
  private cut = false;
  private afterReturn = false;

  constructor(sink: LineSink) {
    this.sink = sink;
  }

  push(chunk: Uint8Array): void {
    this.take(this.decoder.decode(chunk, { stream: true }));
  }

  /** Hand on what has no line end. */
  end(): void {
    this.take(this.decoder.decode());
    if (this.pending !== '') this.emit();
  }

  private take(text: string): void {
    if (text === '') return;
    const fresh = this.afterReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.afterReturn = text.endsWith('\r');
    const [first = '', ...rest] = fresh.split(/\r\n|\n|\r/);
    this.append(first);
    for (const part of rest) {
      this.emit();
      this.append(part);
    }
  }

  private append(part: string): void {
    const room = MAX_LINE - this.pending.length;
    this.cut ||= part.length > room;
    this.pending += part.slice(0, room);
  }

  private emit(): void {
    const line = `${escapeControl(this.pending)}${this.cut ? '…' : ''}`;
    this.pending = '';
    this.cut = false;
    this.sink(line);
  }
}
