import type { ArtefactRef, Digest } from '../../core/artefact.ts';
import type { ArtefactStore } from '../../ports/artefact-store.ts';
import { type ArtefactSource, ArtefactSources } from './artefact-source.ts';
import { ChunkCache } from './chunk-cache.ts';
import type { FileSender } from './file-sender.ts';
import { type TransferLimits, type TransferStats, Transfers } from './transfers.ts';

/** What all large answers of a server share. */
export interface DeliveryLimits extends TransferLimits {
  /** Bytes of artefacts held in memory. */
  readonly memory: number;
}

/** Counts of what is delivered. */
export interface DeliveryStats extends TransferStats {
  readonly cache: { readonly bytes: number; readonly hits: number; readonly misses: number };
}

const DEFAULT_MEMORY = 64 * 1024 * 1024;

/** The artefacts of a store, ready to be sent, and the one place from which bodies are sent. */
export class Delivery {
  readonly transfers: Transfers;
  readonly #store: Pick<ArtefactStore, 'stat' | 'open'>;
  readonly #cache: ChunkCache;
  readonly #sources: ArtefactSources;

  /** `fileSender`: without one, all is read into this process and copied to connections. */
  constructor(
    store: Pick<ArtefactStore, 'stat' | 'open'>,
    limits: Partial<DeliveryLimits> = {},
    fileSender?: FileSender,
  ) {
    this.#store = store;
    this.#cache = new ChunkCache(limits.memory ?? DEFAULT_MEMORY);
    this.#sources = new ArtefactSources(store, this.#cache);
    this.transfers = new Transfers(limits, fileSender);
  }

  /** Undefined when there is no such artefact. */
  stat(digest: Digest): Promise<ArtefactRef | undefined> {
    return this.#store.stat(digest);
  }

  /** Undefined when there is no such artefact; else to be closed. */
  open(digest: Digest): Promise<ArtefactSource | undefined> {
    return this.#sources.open(digest);
  }

  /** Counts as of now. */
  stats(): DeliveryStats {
    return { ...this.transfers.stats(), cache: this.#cache.stats() };
  }
}
