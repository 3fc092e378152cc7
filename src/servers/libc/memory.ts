/** Zeroed memory outside the heap of JavaScript, at an address that never changes. */
export function fixedMemory(length: number): Uint8Array {
  return new Uint8Array(new ArrayBuffer(length));
}

/** Write a 64-bit pointer or size. `words`: the memory as 32-bit words; `at`: index of the lower one. */
export function putPointer(words: Uint32Array, at: number, value: number): void {
  words[at] = value % 4_294_967_296;
  words[at + 1] = Math.floor(value / 4_294_967_296);
}

/** The memory as 32-bit words. */
export function wordsOf(memory: Uint8Array): Uint32Array {
  return new Uint32Array(memory.buffer, memory.byteOffset, memory.byteLength / 4);
}
