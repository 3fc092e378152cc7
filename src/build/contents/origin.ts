import type { Digest } from '../../core/artefact.ts';
import type { ImageName } from '../../core/image.ts';
import type { LayerEntry } from '../../core/layer-entry.ts';
import type { Release } from '../../core/release.ts';
import type { LayerFiles } from '../../ports/layer-files.ts';
import { type RootNode, rootView } from './root-view.ts';

/** The stage that a layer came from. */
export interface Origin {
  readonly image: ImageName;
  readonly stage: string;
  readonly commit?: string;
  readonly layer: Digest;
  /** Which layer of the release, 1 is the base. */
  readonly number: number;
}

/** An entry as people are told of it. */
export interface EntryFacts {
  readonly kind: LayerEntry['kind'];
  /** Octal, four digits. */
  readonly mode: string;
  /** `UID:GID`. */
  readonly owner: string;
  readonly size?: number;
  readonly digest?: Digest;
  readonly target?: string;
}

/** The stage of a release's layer, counted from 0; undefined when there is no such layer. */
export function originOf(release: Release, index: number): Origin | undefined {
  const layer = release.layers[index];
  if (layer === undefined) return undefined;
  const { image, stage, commit, digest } = layer;
  return { image, stage, ...(commit === undefined ? {} : { commit }), layer: digest, number: index + 1 };
}

/** What a release's layers make together; reads the lists of all of its layers. */
export async function viewOfRelease(release: Release, files: Pick<LayerFiles, 'list'>): Promise<RootNode> {
  const lists: (readonly LayerEntry[])[] = [];
  // One after another: each that is not known yet keeps a processor busy.
  for (const { digest } of release.layers) lists.push(await files.list(digest));
  return rootView(lists);
}

/** What is told of an entry. */
export function factsOf(entry: LayerEntry): EntryFacts {
  const common = {
    kind: entry.kind,
    mode: entry.mode.toString(8).padStart(4, '0'),
    owner: `${entry.uid}:${entry.gid}`,
  };
  if (entry.kind === 'file') return { ...common, size: entry.size, digest: entry.digest };
  return entry.kind === 'symlink' ? { ...common, target: entry.target } : common;
}
