import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUILD_TARGETS } from '../../src/core/build-target.ts';
import { type BuildRequest, buildAll } from '../../src/core/job.ts';
import { meet } from '../../src/core/job-queue.ts';
import { channelName, imageName } from '../builders.ts';

const ALL = buildAll(imageName('web'));

describe('meet', () => {
  test.each<[string, Partial<BuildRequest>, Partial<BuildRequest>, string]>([
    ['the same', {}, {}, 'merge'],
    ['less', {}, { target: 'rootfs' }, 'merge'],
    ['fewer parents', {}, { buildParents: 0 }, 'merge'],
    ['more', { target: 'rootfs' }, {}, 'supersede'],
    ['more parents', { buildParents: 1 }, { buildParents: 2 }, 'supersede'],
    ['all anew', {}, { fresh: true }, 'supersede'],
    ['less, of one that builds anew', { fresh: true }, {}, 'merge'],
    ['another branch', { branch: 'a' }, { branch: 'b' }, 'supersede'],
    ['less of another branch', { branch: 'a' }, { branch: 'b', target: 'conffs' }, 'both'],
    ['another part', { target: 'rootfs' }, { target: 'conffs' }, 'both'],
    ['other hosts', { conffs: 'web*' }, { conffs: 'db*' }, 'both'],
    ['one architecture of all', {}, { architecture: 'arm64' }, 'merge'],
    ['all architectures', { architecture: 'arm64' }, {}, 'supersede'],
    ['another architecture', { architecture: 'arm64' }, { architecture: 'amd64' }, 'both'],
    ['another channel', {}, { channel: channelName('canary') }, 'both'],
    ['another kernel', { kernel: '6.1-1' }, {}, 'both'],
    ['another part where only the hosts differ', { conffs: 'a' }, { target: 'initramfs' }, 'merge'],
  ])('a newer request for %s', (_name, queued, newer, meeting) => {
    expect(meet({ ...ALL, ...queued }, { ...ALL, ...newer })).toBe(meeting);
  });

  test('never loses work, and equal requests are one', () => {
    const request = fc.record(
      {
        image: fc.constant(ALL.image),
        target: fc.constantFrom(...BUILD_TARGETS),
        buildParents: fc.oneof(fc.constant('all' as const), fc.nat(3)),
        conffs: fc.constantFrom('web*', 'db*'),
        fresh: fc.constant(true as const),
      },
      { requiredKeys: ['image', 'target', 'buildParents'] },
    );
    fc.assert(
      fc.property(request, request, (queued, newer) => {
        expect(meet(queued, queued)).toBe('merge');
        const kept = { merge: [queued], supersede: [newer], both: [queued, newer] }[meet(queued, newer)];
        for (const asked of [queued, newer]) {
          expect(kept.some((one) => asked.fresh !== true || one.fresh === true)).toBe(true);
          expect(kept.some((one) => asked.target !== 'trueall' || one.target === 'trueall')).toBe(true);
          expect(kept.some((one) => asked.buildParents !== 'all' || one.buildParents === 'all')).toBe(true);
        }
      }),
    );
  });
});
