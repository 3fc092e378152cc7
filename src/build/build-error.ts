import { CommandError, describeFailure } from '../core/command-error.ts';
import { AppError, messageOf } from '../core/errors.ts';
import type { ImageName } from '../core/image.ts';
import type { Step } from './step.ts';

/** How a stage ended badly. */
export interface BuildErrorOptions {
  readonly interrupted?: boolean;
  /** In place of the cause's own words. */
  readonly reason?: string;
  /** In place of the cause's own. */
  readonly remedy?: string | undefined;
}

/** A stage that failed or was stopped; what the catalogue publishes is as it was before. */
export class BuildError extends AppError {
  readonly image: ImageName;
  readonly stage: string;
  /** Of the program that failed, when it ended by itself. */
  readonly exitCode: number | undefined;
  /** The last lines that the stage wrote. */
  readonly tail: readonly string[];

  constructor(
    step: Pick<Step, 'image' | 'stage'>,
    cause: unknown,
    { interrupted = false, reason = '', remedy: given }: BuildErrorOptions = {},
  ) {
    const command = commandOf(cause);
    const remedy = given ?? (cause instanceof AppError ? cause.remedy : undefined);
    const why = reason === '' ? reasonOf(cause) : reason;
    super(
      interrupted ? 'build-interrupted' : 'build-failed',
      `Cannot build image "${step.image}": stage "${step.stage}" ${interrupted ? 'was stopped' : 'failed'}: ${why}`,
      { cause, ...(remedy === undefined ? {} : { remedy }) },
    );
    this.name = 'BuildError';
    this.image = step.image;
    this.stage = step.stage;
    this.exitCode = command?.failure.kind === 'exit' ? command.failure.exitCode : undefined;
    this.tail = command?.tail ?? [];
  }
}

/** The program that failed, if need be as the cause of a message that says more of it. */
function commandOf(error: unknown): CommandError | undefined {
  if (error instanceof CommandError) return error;
  return error instanceof AppError && error.cause instanceof CommandError ? error.cause : undefined;
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof CommandError)) return messageOf(cause);
  if (cause.failure.kind === 'not-found') return cause.message;
  const lastLine = cause.tail.at(-1);
  return `${describeFailure(cause.failure)}${lastLine === undefined ? '' : `: ${lastLine}`}`;
}
