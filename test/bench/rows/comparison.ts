import type { Figures, Measured } from '../harness.ts';

/** One number of each server, by its name. */
export function figuresOf<T>(each: Readonly<Record<string, T>>, figure: (one: T) => number): Figures {
  return Object.fromEntries(Object.entries(each).map(([name, one]) => [name, figure(one)]));
}

/** Our figure by that of a peer, with the figures of all. Throws when one of the two is missing or nothing. */
export function ratioTo(peer: string, figures: Figures): Measured {
  const [ours, theirs] = [figures['bivouac'], figures[peer]];
  if (ours === undefined || theirs === undefined || !(theirs > 0))
    throw new Error(`Cannot compare with ${peer}: bivouac ${String(ours)}, ${peer} ${String(theirs)}`);
  return { value: ours / theirs, figures };
}
