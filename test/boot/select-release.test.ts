import { expect, test } from 'vitest';
import { selectRelease } from '../../src/boot/select-release.ts';
import type { Cpu } from '../../src/core/arch.ts';
import { aCatalogue, aHost, aPublication, aRelease, aSnapshot, digest } from '../builders.ts';

const AMD64 = aPublication({ digest: digest('1') });
const ARM64 = aPublication({ digest: digest('2'), release: aRelease({ architecture: 'arm64' }) });
const BOTH = aCatalogue([AMD64, ARM64]);
const ONLY_ARM = aCatalogue([ARM64]);

function chosen(cpu: Cpu | undefined, catalogue = BOTH, host = aHost()): string {
  const choice = selectRelease(host, aSnapshot({ catalogue }), { cpu });
  return choice.kind === 'none' ? choice.reason : choice.named.release.architecture;
}

test.each<[Cpu, string]>([
  ['amd64', 'amd64'],
  ['arm64', 'arm64'],
  ['i386', 'amd64'],
])('firmware for %s boots the release for %s', (cpu, expected) => {
  expect(chosen(cpu)).toBe(expected);
});

test('the architecture in the file of the host goes before what its firmware said', () => {
  expect(chosen('amd64', BOTH, aHost({ architecture: 'arm64' }))).toBe('arm64');
});

test('while nothing is known the only release is booted, and of several none', () => {
  expect(chosen(undefined, ONLY_ARM)).toBe('arm64');
  expect(chosen(undefined)).toBe(
    'Image "web" has releases for amd64, arm64 in channel "stable"; set "arch" of host "web01"',
  );
});

test('a release for another architecture is never given', () => {
  expect(chosen('amd64', ONLY_ARM)).toBe(
    'Image "web" has no release for amd64 in channel "stable", only for arm64',
  );
  expect(chosen('amd64', aCatalogue([]))).toBe('Image "web" has no release in channel "stable" yet');
});
