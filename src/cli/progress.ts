/** Where progress is shown. */
export type Screen = Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;

/**
 * Shows the lines of a build: its steps, and with `verbose` what they print (which is indented). On a terminal the line that says
 * a step has begun (`… …`) is left open, and the one that says how it ended goes on from there.
 */
export class Progress {
  readonly #screen: Screen;
  readonly #verbose: boolean;
  /** The line that is left open. */
  #open = '';

  constructor({ verbose, screen = process.stdout }: { readonly verbose: boolean; readonly screen?: Screen }) {
    this.#screen = screen;
    this.#verbose = verbose;
  }

  readonly show = (line: string): void => {
    if (!this.#verbose && line.startsWith('  ')) return;
    const goesOn = this.#open !== '' && line.startsWith(this.#open);
    const text = goesOn ? line.slice(this.#open.length) : line;
    if (!goesOn) this.end();
    this.#open = this.#screen.isTTY && line.endsWith(' …') ? line : '';
    this.#screen.write(this.#open === '' ? `${text}\n` : text);
  };

  /** End the line that is open, if one is. */
  end(): void {
    if (this.#open !== '') this.#screen.write('\n');
    this.#open = '';
  }
}
