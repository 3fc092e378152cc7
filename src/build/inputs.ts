import type { ImageDefinition, RootSource } from '../core/image.ts';
import type { SourceStore } from '../ports/source-store.ts';
import { sourceKey } from './content-id.ts';
import type { PinOptions } from './sources/pin-source.ts';
import { knownPin, pinSource } from './sources/pin-source.ts';

type SourceDigests = readonly (readonly [key: string, digest: string])[];

/** Digests of what the roots of these images are made from. With `ask` what is not known yet is asked for. */
export async function sourceDigests(
  images: readonly ImageDefinition[],
  { sources, ask }: SourceInputs,
): Promise<SourceDigests> {
  const wanted = new Map(images.map(({ source }) => [sourceKey(source), source]));
  const pin = (source: RootSource) =>
    ask === undefined ? knownPin(source, sources) : pinSource(source, ask);
  const found = await Promise.all(
    [...wanted].map(async ([key, source]) => [key, await pin(source)] as const),
  );
  return found.flatMap(([key, digest]) => (digest === undefined ? [] : [[key, digest] as const]));
}

/** Where digests of sources come from. */
export interface SourceInputs {
  readonly sources: SourceStore;
  /** Undefined: nobody is asked, and a source that is not known has no digest. */
  readonly ask?: PinOptions | undefined;
}
