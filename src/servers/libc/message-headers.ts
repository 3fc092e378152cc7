import type { Libc } from './libc.ts';
import { fixedMemory, putPointer, wordsOf } from './memory.ts';
import { SOCKET_ADDRESS } from './socket-address.ts';

/** Octets of the structures of `sendmmsg` and `recvmmsg`, and the 32-bit words of their fields. */
const MESSAGE = {
  size: 64,
  name: 0,
  nameLength: 2,
  vector: 4,
  vectors: 6,
  control: 8,
  controlLength: 10,
  length: 14,
};
const VECTOR = 16;
/** A `struct cmsghdr` with 16 bits of data, padded. */
const CONTROL = { size: 24, used: 18 };
const WORDS = MESSAGE.size / 4;

/** An array of `struct mmsghdr`, each with one address and one piece of memory. */
export class MessageHeaders {
  readonly count: number;
  /** Address of the array. */
  readonly address: number;
  /** The `struct sockaddr_in` of each message, one after the other. */
  readonly names: Uint8Array;
  readonly #words: Uint32Array;
  readonly #vectors: Uint32Array;
  readonly #controls: DataView;

  constructor(libc: Libc, count: number) {
    const messages = fixedMemory(count * MESSAGE.size);
    const vectors = fixedMemory(count * VECTOR);
    const controls = fixedMemory(count * CONTROL.size);
    this.count = count;
    this.address = libc.addressOf(messages);
    this.names = fixedMemory(count * SOCKET_ADDRESS);
    this.#words = wordsOf(messages);
    this.#vectors = wordsOf(vectors);
    this.#controls = new DataView(controls.buffer);
    const at = {
      names: libc.addressOf(this.names),
      vectors: libc.addressOf(vectors),
      controls: libc.addressOf(controls),
    };
    for (let index = 0; index < count; index++) {
      const word = index * WORDS;
      putPointer(this.#words, word + MESSAGE.name, at.names + index * SOCKET_ADDRESS);
      this.#words[word + MESSAGE.nameLength] = SOCKET_ADDRESS;
      putPointer(this.#words, word + MESSAGE.vector, at.vectors + index * VECTOR);
      this.#words[word + MESSAGE.vectors] = 1;
      putPointer(this.#words, word + MESSAGE.control, at.controls + index * CONTROL.size);
    }
  }

  /** Address of the message of an index: the array from there on. */
  addressFrom(index: number): number {
    return this.address + index * MESSAGE.size;
  }

  /** Let a message hold `length` octets at an address. */
  setData(index: number, address: number, length: number): void {
    putPointer(this.#vectors, index * 4, address);
    this.#vectors[index * 4 + 2] = length;
  }

  /** Octets that a message holds. */
  dataLength(index: number): number {
    return this.#vectors[index * 4 + 2] ?? 0;
  }

  /** Octets that were received. */
  received(index: number): number {
    return this.#words[index * WORDS + MESSAGE.length] ?? 0;
  }

  /** Attach control data of a level and type with a 16-bit value; `undefined` takes it away. */
  setControl(index: number, control: { level: number; type: number; value: number } | undefined): void {
    this.#words[index * WORDS + MESSAGE.controlLength] = control === undefined ? 0 : CONTROL.size;
    if (control === undefined) return;
    const at = index * CONTROL.size;
    this.#controls.setUint32(at, CONTROL.used, true);
    this.#controls.setUint32(at + 8, control.level, true);
    this.#controls.setUint32(at + 12, control.type, true);
    this.#controls.setUint16(at + 16, control.value, true);
  }
}
