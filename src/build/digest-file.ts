import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type ArtefactRef, digestFromHex } from '../core/artefact.ts';

const READ_SIZE = 1024 * 1024;

/** Digest and size of a file. */
export async function digestFile(path: string): Promise<ArtefactRef> {
  const hash = createHash('sha256');
  let size = 0;
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: READ_SIZE });
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  const digest = digestFromHex(hash.digest('hex'));
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return { digest, size };
}
