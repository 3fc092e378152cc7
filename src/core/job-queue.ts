import type { BuildTarget } from './build-target.ts';
import type { BuildRequest } from './job.ts';

/**
 * What a newer request for an image means for one that waits. `merge`: the one that waits makes all that is asked for;
 * `supersede`: the newer makes all that the other was to make, and takes its place; `both`: neither does.
 */
export type Meeting = 'merge' | 'supersede' | 'both';

const PARTS: { readonly [T in BuildTarget]: readonly BuildTarget[] } = {
  rootfs: ['rootfs'],
  conffs: ['conffs'],
  initramfs: ['initramfs'],
  kernel: ['kernel'],
  all: ['rootfs', 'conffs', 'initramfs'],
  trueall: ['rootfs', 'conffs', 'initramfs', 'kernel'],
};

/** Compare two requests for one image: those for another channel or kernel are others'. Of two branches the newer is wanted: its request takes the other's place. */
export function meet(queued: BuildRequest, newer: BuildRequest): Meeting {
  if (queued.branch === newer.branch && covers(queued, newer)) return 'merge';
  return covers(newer, queued) ? 'supersede' : 'both';
}

/** Whether the first makes all that the second does, branches left aside. */
function covers(first: BuildRequest, second: BuildRequest): boolean {
  return (
    first.channel === second.channel &&
    first.kernel === second.kernel &&
    (first.architecture === undefined || first.architecture === second.architecture) &&
    PARTS[second.target].every((part) => PARTS[first.target].includes(part)) &&
    parents(first) >= parents(second) &&
    (first.fresh === true || second.fresh !== true) &&
    (first.conffs === second.conffs || !PARTS[second.target].includes('conffs'))
  );
}

function parents({ buildParents }: BuildRequest): number {
  return buildParents === 'all' ? Number.POSITIVE_INFINITY : buildParents;
}
