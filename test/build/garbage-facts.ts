import { parseContentId } from '../../src/build/content-id.ts';
import type { GarbageFacts, KnownRelease, KnownStep } from '../../src/build/garbage.ts';
import { type ArtefactRef, type Digest, digestFromHex } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import type { ContainerImageId } from '../../src/ports/container-engine.ts';
import { aRelease, imageName } from '../builders.ts';
import { containerImageId } from '../fakes/container-engine.ts';

/** In milliseconds. */
export const HOUR = 3600 * 1000;
/** When it is. */
export const NOW = 1000 * HOUR;

/** 64 hexadecimal digits that begin with the prefix and the number. */
export function hexOf(prefix: string, number: number): string {
  return `${prefix}${number.toString(16).padStart(4, '0')}`.padEnd(64, '0');
}

/** The digest of such digits. */
export function digestOf(prefix: string, number: number): Digest {
  const digest = digestFromHex(hexOf(prefix, number));
  if (digest === undefined) throw new Error(`no digest: ${prefix}`);
  return digest;
}

/** An artefact of one byte. */
export function ref(prefix: string, number: number): ArtefactRef {
  return { digest: digestOf(prefix, number), size: 1 };
}

/** Release `number` with artefacts of its own and one layer, that of step `number`. */
export function release(number: number, createdAt = NOW - 100 * HOUR + number, image = 'web'): KnownRelease {
  const layer = { ...ref('c', number), stage: 's', image: imageName(image), contentId: hexOf('e', number) };
  return {
    digest: digestOf('d', number),
    createdAt,
    release: aRelease({
      image: imageName(image),
      kernel: ref('a', number),
      initramfs: ref('b', number),
      layers: [layer],
      sbom: ref('f', number),
    }),
  };
}

/** The container image of step `number`. */
export function container(number: number): ContainerImageId {
  return containerImageId(`container-${number}`);
}

/** Step `number`, which made a layer. */
export function layerStep(number: number, startedAt = 0): KnownStep {
  const made = { startedAt, seconds: 1 };
  const result = { kind: 'layer', made, parent: container(1000), container: container(number) } as const;
  return { id: parseContentId(hexOf('e', number)), result: { ...result, layer: ref('c', number) } };
}

/** What makes kernel and initramfs of release `number`. */
export function initramfsStep(number: number, parent = container(number)): KnownStep {
  const files = { kernel: ref('a', number), initramfs: ref('b', number) };
  return {
    id: parseContentId(hexOf('9', number)),
    result: { kind: 'initramfs', parent, kernelVersion: '6', ...files },
  };
}

/** A move of `stable` to release `number`. */
export function move(number: number, image = 'web') {
  const key = { image: imageName(image), channel: STABLE, architecture: 'amd64' } as const;
  return { ...key, digest: digestOf('d', number) };
}

/** What is on record; nothing unless given. */
export function facts(given: Partial<GarbageFacts> = {}): GarbageFacts {
  return {
    releases: [],
    channels: [],
    moves: [],
    pinned: [],
    booted: [],
    hostLayers: [],
    attestations: [],
    steps: [],
    built: [],
    jobs: [],
    ...given,
  };
}

/** Six releases of a channel, 6 the newest; the channel points to it. */
export function sixReleases(given: Partial<GarbageFacts> = {}): GarbageFacts {
  const numbers = [1, 2, 3, 4, 5, 6];
  return facts({
    releases: numbers.map((number) => release(number)),
    moves: numbers.toReversed().map((number) => move(number)),
    channels: [digestOf('d', 6)],
    steps: numbers.flatMap((number) => [layerStep(number), initramfsStep(number)]),
    attestations: numbers.map((number) => ({
      release: digestOf('d', number),
      digest: digestOf('8', number),
    })),
    ...given,
  });
}
