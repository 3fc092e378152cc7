import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { CommandError } from '../../core/command-error.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import type { RootSource } from '../../core/image.ts';
import type { BuildWorld } from '../step-context.ts';
import { curlArgv, curlEnvironment } from './curl.ts';

type Download = RootSource & { readonly kind: 'download' };

/** A list of sums for all files of a release has some hundred lines. */
const LARGEST = 1024 * 1024;

/** SHA-512, in hexadecimal, that the list of sums has for the file. */
export async function sumOf(
  { url, sums }: Download,
  world: Pick<BuildWorld, 'commands' | 'mirror'>,
): Promise<string> {
  const name = decodeURIComponent(basename(new URL(url).pathname));
  const text = await readSums(sums, world).catch((error: unknown) => {
    const reason = error instanceof CommandError ? (error.tail.at(-1) ?? error.message) : messageOf(error);
    throw new AppError('build-failed', `Cannot read the sums "${sums}": ${reason}`, {
      remedy: 'Set "sha512sums" to an address that answers, or to a file of the images folder',
      cause: error,
    });
  });
  const sum = parseSums(text).get(name);
  if (sum !== undefined) return sum;
  throw new AppError('integrity', `Cannot check "${url}": "${sums}" has no SHA-512 of "${name}"`, {
    remedy: 'Set "sha512sums" to the SHA512SUMS file that stands beside the image',
  });
}

/** Sums by file name, in both forms that sha512sum(1) writes. A name with two different sums has none. */
export function parseSums(text: string): ReadonlyMap<string, string> {
  const sums = new Map<string, string>();
  const twice = new Set<string>();
  for (const line of text.split('\n')) {
    const plain = /^([0-9a-f]{128}) [ *](?:\.\/)?(\S.*?)\r?$/i.exec(line);
    const tagged = /^SHA512 \((.+)\) = ([0-9a-f]{128})\r?$/i.exec(line);
    const [name, sum] = plain === null ? [tagged?.[1], tagged?.[2]] : [plain[2], plain[1]];
    if (name === undefined || sum === undefined) continue;
    const known = sums.get(name);
    if (known !== undefined && known !== sum.toLowerCase()) twice.add(name);
    sums.set(name, sum.toLowerCase());
  }
  for (const name of twice) sums.delete(name);
  return sums;
}

async function readSums(
  sums: string,
  { commands, mirror }: Pick<BuildWorld, 'commands' | 'mirror'>,
): Promise<string> {
  if (sums.includes('://')) {
    const options = ['--max-filesize', `${LARGEST}`, '--max-time', '120', '--retry', '3'];
    const environment = await curlEnvironment(mirror);
    return (await commands.run(curlArgv(sums, options), { environment, tethered: true })).stdout;
  }
  if ((await stat(sums)).size > LARGEST) throw new RangeError(`it is larger than ${LARGEST} bytes`);
  return await readFile(sums, 'utf8');
}
