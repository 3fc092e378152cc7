import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MILLISECONDS = 100;
const CHUNK_SIZE = 64 * 1024;

/**
 * The text of a file that another process appends to, from its beginning; ends when all is read and `ended()` is true.
 * Bytes that are no UTF-8 become replacement characters.
 */
export async function* followFile(
  path: string,
  ended: () => boolean,
): AsyncGenerator<string, void, undefined> {
  const file = await open(path, 'r');
  try {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(CHUNK_SIZE);
    for (;;) {
      // Asked before reading: what was written before the end is then read for sure.
      const last = ended();
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead > 0) yield decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
      else if (last) return;
      else await delay(POLL_MILLISECONDS);
    }
  } finally {
    await file.close();
  }
}
