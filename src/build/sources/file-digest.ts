import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** SHA-256 of a file, in hexadecimal. */
export function sha256OfFile(path: string): Promise<string> {
  return hashOf(path, 'sha256');
}

/** SHA-512 of a file, in hexadecimal. */
export function sha512OfFile(path: string): Promise<string> {
  return hashOf(path, 'sha512');
}

async function hashOf(path: string, algorithm: string): Promise<string> {
  const hash = createHash(algorithm);
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1024 * 1024 });
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
