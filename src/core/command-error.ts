import { AppError } from './errors.ts';

/** How a command ended badly. */
export type CommandFailure =
  | { readonly kind: 'exit'; readonly exitCode: number }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'timeout'; readonly milliseconds: number }
  /** It did nothing for so long. */
  | { readonly kind: 'idle'; readonly milliseconds: number }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'not-started'; readonly reason: string };

/** A program that did not end with exit code 0, and the last lines it wrote. */
export class CommandError extends AppError {
  readonly program: string;
  readonly failure: CommandFailure;
  readonly tail: readonly string[];

  constructor(program: string, failure: CommandFailure, tail: readonly string[]) {
    // Warnings may come after the line that tells what failed.
    const lastLine = tail.findLast((line) => /^(?:error|fatal|E)\b/i.test(line)) ?? tail.at(-1);
    const reason = describeFailure(failure);
    const remedy = remedyOf(failure, program);
    super('command-failed', `Cannot run "${program}": ${reason}${lastLine ? `: ${lastLine}` : ''}`, {
      ...(remedy === undefined ? {} : { remedy }),
    });
    this.name = 'CommandError';
    this.program = program;
    this.failure = failure;
    this.tail = tail;
  }
}

function remedyOf(failure: CommandFailure, program: string): string | undefined {
  if (failure.kind === 'not-found') return `Install "${program}" or put it on the PATH`;
  if (failure.kind === 'idle')
    return 'Find out what it waits for; have it print what it does, or raise "time_limit"';
  return undefined;
}

/** `exit code 2`, `no end after 60 s` and the like, for a message. */
export function describeFailure(failure: CommandFailure): string {
  switch (failure.kind) {
    case 'exit':
      return `exit code ${failure.exitCode}`;
    case 'killed':
      return `killed by ${failure.signal}`;
    case 'aborted':
      return 'stopped on request';
    case 'timeout':
      return `no end after ${formatSeconds(failure.milliseconds)}`;
    case 'idle':
      return `no progress for ${formatSeconds(failure.milliseconds)} (no output, and next to no use of processor, disk and network)`;
    case 'not-found':
      return 'no such program';
    case 'not-started':
      return failure.reason;
  }
}

function formatSeconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}
