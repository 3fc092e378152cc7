import { open } from 'node:fs/promises';
import { CommandError } from '../../core/command-error.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import type { ImageName } from '../../core/image.ts';
import type { Secret } from '../../core/secret.ts';
import { SecretNeedles } from '../secret-scan.ts';
import type { SecretFile, Step } from '../step.ts';

/** Tokens, passwords and keys are small. */
const MAX_SIZE = 64 * 1024;

/** The secrets of a build, read once before it does anything. */
export class BuildSecrets {
  readonly #contents: ReadonlyMap<string, Buffer>;
  readonly #needles: SecretNeedles;

  private constructor(secrets: readonly (Secret & SecretFile)[]) {
    this.#contents = new Map(secrets.map(({ path, content }) => [path, content]));
    this.#needles = new SecretNeedles(secrets);
  }

  /** Rejects with `config-invalid` for a file that is missing, unreadable, empty, too large, or too short to be told apart. */
  static async ofSteps(steps: readonly Pick<Step, 'image' | 'terms'>[]): Promise<BuildSecrets> {
    const wanted = new Map(
      steps.flatMap(({ image, terms }) =>
        (terms?.secrets ?? []).map((file) => [file.path, { ...file, image }]),
      ),
    );
    return new BuildSecrets(await Promise.all([...wanted.values()].map(readSecret)));
  }

  /** Those of one stage. */
  of({ terms }: Pick<Step, 'terms'>): readonly Secret[] {
    return (terms?.secrets ?? []).flatMap(({ name, path }) => {
      const content = this.#contents.get(path);
      return content === undefined ? [] : [{ name, content }];
    });
  }

  /** A line of a log without any of them. */
  readonly redact = (line: string): string => this.#needles.redact(line);

  /** The same error, and its cause, without any of them. */
  redactError(error: unknown): unknown {
    if (this.#contents.size === 0 || error === undefined) return error;
    if (error instanceof CommandError)
      return new CommandError(this.redact(error.program), error.failure, error.tail.map(this.redact));
    const message = this.redact(messageOf(error));
    if (!(error instanceof AppError)) return new Error(message);
    const remedy = error.remedy === undefined ? {} : { remedy: this.redact(error.remedy) };
    return new AppError(error.code, message, { ...remedy, cause: this.redactError(error.cause) });
  }
}

async function readSecret(file: SecretFile & { readonly image: ImageName }): Promise<Secret & SecretFile> {
  return { ...file, content: await contentOf(file) };
}

async function contentOf({ name, path, image }: SecretFile & { readonly image: ImageName }): Promise<Buffer> {
  const refuse = (reason: string, remedy: string, cause?: unknown): AppError =>
    new AppError(
      'config-invalid',
      `Cannot read secret "${name}" of image "${image}" from "${path}": ${reason}`,
      {
        remedy,
        cause,
      },
    );
  const file = await open(path).catch((error: unknown) => {
    throw refuse(
      messageOf(error),
      'Put the file there, readable for who builds, or correct "secrets" of the image',
      error,
    );
  });
  try {
    const info = await file.stat();
    if (!info.isFile()) throw refuse('it is no file', 'Name a regular file');
    if (info.size > MAX_SIZE) throw refuse(`it has ${info.size} bytes`, `Keep to ${MAX_SIZE}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
