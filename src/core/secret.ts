/** A secret of a stage, with what it holds. */
export interface Secret {
  /** The name of its file below `/run/secrets`. */
  readonly name: string;
  readonly content: Buffer;
}
