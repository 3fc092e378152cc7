import type { ImageDefinition, RootSource } from '../core/image.ts';
import type { SourceStore } from '../ports/source-store.ts';
import { sourceKey } from './content-id.ts';
import type { PinOptions } from './sources/pin-source.ts';
import { knownPin, pinSource } from './sources/pin-source.ts';

/** What the roots of these images are made from, each once, by the key of its digest among the inputs. */
export function rootSources(images: readonly ImageDefinition[]): ReadonlyMap<string, RootSource> {
  return new Map(images.map(({ source }) => [sourceKey(source), source]));
}

/** Digest of what a root is made from, where it has one. With `ask` what is not known yet is asked for. */
export async function sourceDigest(
  source: RootSource,
  { sources, ask }: SourceInputs,
): Promise<string | undefined> {
  return ask === undefined ? await knownPin(source, sources) : await pinSource(source, ask);
}

/** Where digests of sources come from. */
export interface SourceInputs {
  readonly sources: SourceStore;
  /** Undefined: nobody is asked, and a source that is not known has no digest. */
  readonly ask?: PinOptions | undefined;
}
