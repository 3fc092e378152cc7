import type { ServerResponse } from 'node:http';
import type { ByteRange } from './byte-range.ts';

/** Bytes that can be read from any position; the part of an opened artefact that sending needs. */
export interface ByteSource {
  /** Fill `target` from `position` on; fewer bytes only at the end. */
  read(target: Uint8Array, position: number): Promise<number>;
}

/** How sending a body ended. */
export interface Sent {
  readonly bytes: number;
  readonly complete: boolean;
}

/** How bodies are sent. */
export interface SendOptions {
  /** A client that has not taken one chunk within this time is cut off, milliseconds. */
  readonly chunkTimeout: number;
}

/** One chunk in two minutes is less than 9 KiB/s: no boot ends that way. */
export const SEND_OPTIONS: SendOptions = { chunkTimeout: 120_000 };

/** Chunks of 1 MiB keep the thread pool's part small; with many clients they shrink, so that memory stays bounded. */
const CHUNK_SIZES = [
  { below: 128, bytes: 1024 * 1024 },
  { below: 1024, bytes: 256 * 1024 },
  { below: Number.POSITIVE_INFINITY, bytes: 64 * 1024 },
];

let sending = 0;

/** Send a part of the source as the rest of the response, and end it; never rejects for a client that goes away. */
export async function sendRange(
  response: ServerResponse,
  body: { readonly source: ByteSource; readonly range: ByteRange },
  options: SendOptions = SEND_OPTIONS,
): Promise<Sent> {
  const size = CHUNK_SIZES.find(({ below }) => sending < below)?.bytes ?? 64 * 1024;
  sending++;
  try {
    return await sendChunks(response, body, { ...options, size });
  } finally {
    sending--;
  }
}

/** INVARIANT: the one buffer is filled again only when the socket has let go of it. */
async function sendChunks(
  response: ServerResponse,
  { source, range }: { readonly source: ByteSource; readonly range: ByteRange },
  { chunkTimeout, size }: SendOptions & { readonly size: number },
): Promise<Sent> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(size, range.last - range.first + 1));
  let position = range.first;
  while (position <= range.last) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, range.last - position + 1));
    const count = await source.read(wanted, position);
    const isShort = count < wanted.length;
    const taken = !isShort && (await write(response, wanted, chunkTimeout));
    if (!taken) {
      // The length is promised already: cutting the connection is the only way to say that the rest will not come.
      response.destroy();
      return { bytes: position - range.first, complete: false };
    }
    position += count;
  }
  return { bytes: position - range.first, complete: await end(response, chunkTimeout) };
}

function write(response: ServerResponse, chunk: Uint8Array, timeout: number): Promise<boolean> {
  return settled(response, timeout, (done) => response.write(chunk, done));
}

function end(response: ServerResponse, timeout: number): Promise<boolean> {
  return settled(response, timeout, (done) => response.end(done));
}

/** Whether the socket took what `start` gave it before it closed or the time was up. */
function settled(
  response: ServerResponse,
  timeout: number,
  start: (done: (error?: Error | null) => void) => unknown,
): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    const finish = (taken: boolean): void => {
      clearTimeout(timer);
      response.off('close', onClose);
      resolve(taken);
    };
    const onClose = (): void => finish(response.writableFinished);
    const timer = setTimeout(() => finish(false), timeout);
    response.on('close', onClose);
    start((error) => finish(error === undefined || error === null));
  });
}
