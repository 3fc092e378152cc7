const BLOCK = 64 * 1024;
/** More than so many have memory of their own, or a few would keep much of a block that nothing else uses. */
const MOST_SHARED = 2048;

let block = new ArrayBuffer(BLOCK);
let used = 0;

/**
 * New octets, all zero. Short ones share a block of memory, as those of Node.js's Buffer do: to have the system make and free a few
 * hundred octets takes longer than to fill them. No place is given twice.
 */
export function newOctets(length: number): Uint8Array {
  if (length > MOST_SHARED) return new Uint8Array(length);
  if (used + length > BLOCK) {
    block = new ArrayBuffer(BLOCK);
    used = 0;
  }
  const octets = new Uint8Array(block, used, length);
  used += length;
  return octets;
}

/** A copy of octets. */
export function copyOctets(octets: Uint8Array): Uint8Array {
  const copy = newOctets(octets.length);
  copy.set(octets);
  return copy;
}
