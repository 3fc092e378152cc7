/** What follows when a boot cannot go on: the host begins anew, or the server is at fault and it is no use. */
export type AfterStop = 'again' | 'for good';

/** Thrown inside a simulated boot where it cannot go on; never leaves it. */
export class BootStop extends Error {
  readonly after: AfterStop;

  constructor(reason: string, after: AfterStop) {
    super(reason);
    this.name = 'BootStop';
    this.after = after;
  }
}
