import type { TextPlace } from './statements.ts';

/** One fault of a statement; `place` is its first word unless given. */
export class StatementFault extends Error {
  readonly remedy: string;
  readonly place: TextPlace | undefined;

  constructor(message: string, remedy: string, place?: TextPlace) {
    super(message);
    this.remedy = remedy;
    this.place = place;
  }
}
