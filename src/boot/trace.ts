/** What an answer is made of, in the order in which it is. */
export type TraceStep = 'subnet' | 'client' | 'quirk' | 'host' | 'mode' | 'boot' | 'address' | 'reply';

/** One rule that was looked at while an answer was made, and why it was or was not taken. */
export interface TriedRule {
  readonly step: TraceStep;
  readonly rule: string;
  readonly taken: boolean;
  readonly why: string;
}

/** Told of each rule in turn; `bivouac explain` listens, the server does not. */
export type Trace = (rule: TriedRule) => void;
