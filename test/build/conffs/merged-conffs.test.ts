import { expect, test } from 'vitest';
import { type HostResult, mergedConffs } from '../../../src/build/conffs/conffs.ts';
import { digest, hostName } from '../../builders.ts';

const made = (host: string, release: string): HostResult => {
  const where = { host: hostName(host), release: digest(release) };
  return { ...where, kind: 'built', size: 1, dropped: [] };
};
const failed = (host: string, release?: string): HostResult => {
  const where = release === undefined ? {} : { release: digest(release) };
  return { host: hostName(host), ...where, kind: 'failed', reason: 'because' };
};

test('of builds for several architectures each host has one row: a failure above all, a missing release below all', () => {
  const first = [made('b', 'a'), failed('c', 'a'), failed('d'), failed('e')];
  const second = [made('a', 'b'), made('c', 'b'), made('d', 'b'), failed('e')];
  expect(
    mergedConffs([
      { hosts: first, seconds: 1 },
      { hosts: second, seconds: 2 },
    ]),
  ).toEqual({
    hosts: [made('a', 'b'), made('b', 'a'), failed('c', 'a'), made('d', 'b'), failed('e')],
    seconds: 3,
  });
  expect(mergedConffs([])).toBeUndefined();
});
