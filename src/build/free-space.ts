import { statfs } from 'node:fs/promises';

/** With less than this left, whatever fails fails for lack of space as a rule, and rarely says so. */
const LITTLE_BYTES = 64 * 1024 ** 2;

/** What to do about a disk that is nearly full, as the remedy of what failed; undefined when the folder's disk is not. */
export async function spaceRemedy(folder: string): Promise<string | undefined> {
  const found = await statfs(folder).catch(() => undefined);
  if (found === undefined) return undefined;
  const left = found.bavail * found.bsize;
  if (left >= LITTLE_BYTES) return undefined;
  return `Make room on the disk of "${folder}", which has ${(left / 1e6).toFixed(1)} MB left; "bivouac gc" removes what nothing needs`;
}
