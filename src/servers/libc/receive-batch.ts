import { LINUX } from './constants.ts';
import { errorName, type Libc } from './libc.ts';
import { fixedMemory } from './memory.ts';
import { MessageHeaders } from './message-headers.ts';
import { addressAt, portAt, SOCKET_ADDRESS } from './socket-address.ts';

/** Receives many datagrams with one system call. What it gives is good until the next call. */
export class ReceiveBatch {
  readonly #libc: Libc;
  readonly #headers: MessageHeaders;
  readonly #memory: Uint8Array;
  readonly #octets: number;

  /** `octets`: of one datagram; a longer one is cut there. */
  constructor(libc: Libc, { count, octets }: { count: number; octets: number }) {
    this.#libc = libc;
    this.#headers = new MessageHeaders(libc, count);
    this.#memory = fixedMemory(count * octets);
    this.#octets = octets;
    const address = libc.addressOf(this.#memory);
    for (let index = 0; index < count; index++)
      this.#headers.setData(index, address + index * octets, octets);
  }

  /** The most that one call receives. */
  get most(): number {
    return this.#headers.count;
  }

  /** Receive what waits in the socket; 0 when there is nothing. */
  receive(fd: number): number {
    const count = this.#libc.recvmmsg(fd, this.#headers.address, this.#headers.count, 0, null);
    if (count >= 0) return count;
    const errno = this.#libc.errno();
    if (errno === LINUX.EAGAIN || errno === LINUX.EINTR) return 0;
    throw new Error(`Cannot receive: ${errorName(errno)}`);
  }

  length(index: number): number {
    return this.#headers.received(index);
  }

  /** 32 bits, big-endian, of a datagram of at least 4 octets. */
  firstWord(index: number): number {
    const at = index * this.#octets;
    const memory = this.#memory;
    const high = ((memory[at] ?? 0) << 8) | (memory[at + 1] ?? 0);
    return high * 65_536 + (((memory[at + 2] ?? 0) << 8) | (memory[at + 3] ?? 0));
  }

  bytes(index: number): Uint8Array {
    const at = index * this.#octets;
    return this.#memory.subarray(at, at + Math.min(this.length(index), this.#octets));
  }

  /** The 32 bits of the sender's address. */
  address(index: number): number {
    return addressAt(this.#headers.names, index * SOCKET_ADDRESS);
  }

  port(index: number): number {
    return portAt(this.#headers.names, index * SOCKET_ADDRESS);
  }
}
