import type { Input } from './fuzz.ts';

/** Numbers from 0 to 1. */
export type Random = () => number;

/** Changes one message. */
export type Mutate = (message: Uint8Array, random: Random) => Uint8Array;

const EDGES = [0, 1, 2, 3, 4, 6, 16, 127, 128, 254, 255] as const;
const MOST_MESSAGES = 8;

/** A number from 0 to `below` - 1. */
export function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

/** One of several. */
export function pick<T>(list: readonly [T, ...T[]] | readonly T[], random: Random): T {
  const chosen = list[below(list.length, random)];
  if (chosen === undefined) throw new Error('There is nothing to pick from');
  return chosen;
}

/** An input made from known ones: some of their messages, changed, repeated, mixed. */
export function mutatedInput(known: readonly Input[], random: Random, mutate: Mutate = mutatedOctets): Input {
  let messages = [...pick(known, random)];
  if (random() < 0.3) messages = [...messages, ...pick(known, random)];
  if (random() < 0.2 && messages.length > 1) messages.splice(below(messages.length, random), 1);
  if (random() < 0.2) messages.push(pick(messages, random));
  return messages.slice(0, MOST_MESSAGES).map((message) => {
    const kind = random();
    if (kind < 0.25) return message;
    return kind < 0.7 ? mutate(message, random) : mutatedOctets(message, random);
  });
}

/** Octets changed without knowing what they mean. */
export function mutatedOctets(message: Uint8Array, random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(message);
  for (let count = 1 + below(4, random); count > 0; count--) bytes = changed(bytes, random);
  return bytes;
}

function changed(bytes: Buffer, random: Random): Buffer {
  const at = below(bytes.length + 1, random);
  const length = below(Math.min(32, bytes.length - at) + 1, random);
  switch (below(7, random)) {
    case 0:
      return replaced(bytes, at, Buffer.from([below(256, random)]));
    case 1:
      return replaced(bytes, at, Buffer.from([pick(EDGES, random)]));
    case 2:
      return Buffer.from(bytes.subarray(0, at));
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), noise(below(64, random), random), bytes.subarray(at)]);
    default:
      return replaced(bytes, at, Buffer.alloc(length, pick(EDGES, random)));
  }
}

/** Random octets. */
export function noise(length: number, random: Random): Buffer {
  return Buffer.from(Uint8Array.from({ length }, () => below(256, random)));
}

/** The octets with others in place of as many of them. */
export function replaced(bytes: Uint8Array, at: number, others: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), others, bytes.subarray(at + others.length)]);
}
