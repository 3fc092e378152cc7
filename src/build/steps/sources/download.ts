import { rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CommandError } from '../../../core/command-error.ts';
import { AppError, messageOf } from '../../../core/errors.ts';
import { SUM_DIGITS } from '../../needed-downloads.ts';
import { curlArgv, curlEnvironment } from '../../sources/curl.ts';
import { sha512OfFile } from '../../sources/file-digest.ts';
import type { StepContext } from '../../step-context.ts';

/** A file of the web and what it must hold. */
export interface WantedFile {
  readonly url: string;
  /** In hexadecimal. */
  readonly sha512: string;
}

const MOST_ATTEMPTS = 20;
const TELL_MILLISECONDS = 5_000;
/** curl(1): HTTP error, and a server that cannot send the rest of a file. */
const CANNOT_RESUME: ReadonlySet<number> = new Set([22, 33, 36]);

/**
 * The path of the file in the folder of downloads, fetched where it is not there: what was fetched of it before, by a build that
 * failed too, is not fetched again. Its SHA-512 is checked before each use; another one is an error and the file is removed.
 */
export async function downloaded(wanted: WantedFile, context: StepContext): Promise<string> {
  const { sources, step } = context;
  const name = `${wanted.sha512.slice(0, SUM_DIGITS)}-${basename(new URL(wanted.url).pathname).replace(/[^A-Za-z0-9._-]/g, '_')}`;
  const target = join(sources.folder, name);
  if ((await sizeOf(target)) > 0) {
    context.log('checking what was downloaded before');
    if ((await sha512OfFile(target)) === wanted.sha512) return target;
    await rm(target);
  }
  const part = join(sources.folder, `${name}.${step.id.slice(0, 16)}.part`);
  await fetchWhole(wanted, part, context);
  await rename(part, target);
  return target;
}

async function fetchWhole(wanted: WantedFile, part: string, context: StepContext): Promise<void> {
  const resumed = (await sizeOf(part)) > 0;
  await fetchRest(wanted, part, context);
  context.log('checking its SHA-512');
  const sum = await sha512OfFile(part);
  if (sum === wanted.sha512) return;
  await rm(part);
  // The file may have been replaced between the two parts; the whole of it tells.
  if (resumed) {
    await fetchWhole(wanted, part, context);
    return;
  }
  const reason = `its SHA-512 is ${sum.slice(0, 16)}…, wanted ${wanted.sha512.slice(0, 16)}…`;
  throw new AppError('integrity', `Cannot use "${wanted.url}": ${reason}`, {
    remedy: 'If it was replaced on purpose, build with --fresh to read its sums anew',
  });
}

/** Go on where the last attempt ended, for as long as each brings something. */
async function fetchRest(wanted: WantedFile, part: string, context: StepContext): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await sizeOf(part);
    try {
      await fetchOnce(wanted, part, context);
      return;
    } catch (error) {
      context.signal.throwIfAborted();
      const failure = error instanceof CommandError ? error.failure : undefined;
      const isRefused = failure?.kind === 'exit' && CANNOT_RESUME.has(failure.exitCode);
      if (isRefused && before > 0) {
        if ((await sha512OfFile(part)) === wanted.sha512) return;
        await rm(part);
      } else if ((await sizeOf(part)) <= before || attempt >= MOST_ATTEMPTS) {
        throw failed(wanted, error);
      }
      context.log(`going on after: ${reasonOf(error)}`);
    }
  }
}

async function fetchOnce({ url }: WantedFile, part: string, context: StepContext): Promise<void> {
  const { commands, mirror, log, signal } = context;
  let told = await sizeOf(part);
  log(told > 0 ? `downloading the rest of ${url}` : `downloading ${url}`);
  const tell = async (): Promise<void> => {
    const size = await sizeOf(part);
    if (size !== told) log(`${(size / 1e6).toFixed(0)} MB`);
    told = size;
  };
  const timer = setInterval(() => void tell(), TELL_MILLISECONDS);
  try {
    const environment = await curlEnvironment(mirror);
    const options = ['--continue-at', '-', '--output', part];
    await commands.run(curlArgv(url, options), { environment, log, signal, tethered: true });
  } finally {
    clearInterval(timer);
  }
}

function failed({ url }: WantedFile, error: unknown): AppError {
  return new AppError('build-failed', `Cannot download "${url}": ${reasonOf(error)}`, { cause: error });
}

function reasonOf(error: unknown): string {
  return error instanceof CommandError ? (error.tail.at(-1) ?? error.message) : messageOf(error);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
