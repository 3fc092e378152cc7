import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { LINUX } from '../libc/constants.ts';
import { type Libc, loadLibc } from '../libc/libc.ts';
import { fixedMemory, putPointer, wordsOf } from '../libc/memory.ts';

/** Part of a file. */
export interface FilePart {
  readonly descriptor: number;
  readonly position: number;
  readonly length: number;
}

/** The sender, or why there is none. */
export type FileSenderLoad =
  | { readonly ok: true; readonly sender: FileSender }
  | { readonly ok: false; readonly reason: string };

/** Bytes written to a full connection: few, since they are copied. */
const MORSEL_BYTES = 16 * 1024;

/**
 * Sends files from the kernel's page cache to connections, by sendfile(2): they are not copied, and the process does not hold them.
 * What is not in the page cache is left to who reads it off this thread: sendfile would wait for the disk, and so would everybody.
 */
export class FileSender {
  readonly #libc: Libc;
  readonly #preadv2: NonNullable<Libc['preadv2']>;
  readonly #position = fixedMemory(8);
  readonly #positionView = new DataView(this.#position.buffer);
  readonly #octet = fixedMemory(1);
  /** `struct iovec`. */
  readonly #vectorBytes = fixedMemory(16);
  readonly #vector = wordsOf(this.#vectorBytes);

  private constructor(libc: Libc, preadv2: NonNullable<Libc['preadv2']>) {
    this.#libc = libc;
    this.#preadv2 = preadv2;
  }

  /** Never rejects. */
  static async load(): Promise<FileSenderLoad> {
    const loaded = await loadLibc();
    if (!loaded.ok) return loaded;
    const { libc } = loaded;
    if (libc.preadv2 === undefined) return { ok: false, reason: 'the C library has no preadv2' };
    return { ok: true, sender: new FileSender(libc, libc.preadv2) };
  }

  /**
   * Send the beginning of a part as the next bytes of a response whose head was sent: how many the connection took; when it is full,
   * some bytes to be written to it, which tells when it has room again; undefined when all has to go another way.
   */
  send(response: ServerResponse, part: FilePart): number | Uint8Array | undefined {
    const { descriptor, position, length } = part;
    const connection = connectionOf(response);
    if (connection === undefined || !this.#isAtHand(part)) return undefined;
    this.#positionView.setBigInt64(0, BigInt(position), true);
    const sent = this.#libc.sendfile(connection, descriptor, this.#position, length);
    if (sent > 0) return sent;
    return sent < 0 && this.#libc.errno() === LINUX.EAGAIN ? this.#morsel(part) : undefined;
  }

  #morsel({ descriptor, position, length }: FilePart): Uint8Array | undefined {
    const bytes = fixedMemory(Math.min(length, MORSEL_BYTES));
    const count = this.#readNow(descriptor, position, bytes);
    return count > 0 ? bytes.subarray(0, count) : undefined;
  }

  /** Whether both ends are in the page cache: the kernel reads and drops files in long runs. */
  #isAtHand({ descriptor, position, length }: FilePart): boolean {
    const ends = [position, position + length - 1];
    return ends.every((at) => this.#readNow(descriptor, at, this.#octet) === 1);
  }

  /** Octets read, 0 at the end of the file, -1 when it would take time. */
  #readNow(descriptor: number, position: number, target: Uint8Array): number {
    putPointer(this.#vector, 0, this.#libc.addressOf(target));
    putPointer(this.#vector, 2, target.length);
    return this.#preadv2(descriptor, this.#vectorBytes, 1, position, LINUX.RWF_NOWAIT);
  }
}

/** The descriptor of an unencrypted connection with nothing left to write; undefined when it is anything else. */
function connectionOf({ socket }: ServerResponse): number | undefined {
  if (socket === null || socket.destroyed || socket.writableLength > 0) return undefined;
  return socket instanceof TLSSocket ? undefined : descriptorOf(socket);
}

/** Node.js tells it in no public way. Where this one ends, all is sent as where there is no C library. */
function descriptorOf(
  socket: Socket & { readonly _handle?: { readonly fd?: number } | null },
): number | undefined {
  const descriptor = socket._handle?.fd;
  return descriptor !== undefined && descriptor >= 0 ? descriptor : undefined;
}
