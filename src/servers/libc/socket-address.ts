import { LINUX } from './constants.ts';
import { fixedMemory } from './memory.ts';

/** Octets of a `struct sockaddr_in`. */
export const SOCKET_ADDRESS = 16;

/** Write a `struct sockaddr_in`: the address as its 32 bits, and the port. */
export function putSocketAddress(
  memory: Uint8Array,
  at: number,
  to: { address: number; port: number },
): void {
  memory[at] = LINUX.AF_INET;
  memory[at + 1] = 0;
  memory[at + 2] = to.port >>> 8;
  memory[at + 3] = to.port & 255;
  memory[at + 4] = to.address >>> 24;
  memory[at + 5] = (to.address >>> 16) & 255;
  memory[at + 6] = (to.address >>> 8) & 255;
  memory[at + 7] = to.address & 255;
}

/** A `struct sockaddr_in` of its own. */
export function socketAddress(address: number, port: number): Uint8Array {
  const memory = fixedMemory(SOCKET_ADDRESS);
  putSocketAddress(memory, 0, { address, port });
  return memory;
}

/** The port in a `struct sockaddr_in`. */
export function portAt(memory: Uint8Array, at: number): number {
  return ((memory[at + 2] ?? 0) << 8) | (memory[at + 3] ?? 0);
}

/** The 32 bits of the address in a `struct sockaddr_in`. */
export function addressAt(memory: Uint8Array, at: number): number {
  const high = ((memory[at + 4] ?? 0) << 8) | (memory[at + 5] ?? 0);
  return high * 65_536 + (((memory[at + 6] ?? 0) << 8) | (memory[at + 7] ?? 0));
}
