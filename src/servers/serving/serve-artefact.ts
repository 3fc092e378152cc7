import type { Ipv4 } from '../../core/address.ts';
import type { Digest } from '../../core/artefact.ts';
import { clientAddress } from '../client-address.ts';
import type { ArtefactSource } from './artefact-source.ts';
import type { Delivery } from './delivery.ts';
import type { Sent } from './sending.ts';
import { type Exchange, serveBytes } from './serve-bytes.ts';

/** A body that was sent, whole or not. */
export interface TimedSent extends Sent {
  readonly seconds: number;
}

/** What serving artefacts needs. */
export interface ArtefactServing {
  readonly delivery: Delivery;
  /** Told of each body that was sent, whole or not. */
  readonly onSent: (address: Ipv4 | undefined, digest: Digest, sent: TimedSent) => Promise<void>;
}

/** An artefact that is asked for. */
export interface ArtefactWish {
  readonly digest: Digest;
  readonly cacheControl: string;
}

/** Answer with an artefact; resolves to false, with nothing done, when there is none of that digest. */
export async function serveArtefact(
  { delivery, onSent }: ArtefactServing,
  exchange: Exchange,
  { digest, cacheControl }: ArtefactWish,
): Promise<boolean> {
  const { request } = exchange;
  const address = clientAddress(request.socket);
  const source = request.method === 'HEAD' ? await sizeOnly(delivery, digest) : await delivery.open(digest);
  if (source === undefined) return false;
  const started = performance.now();
  try {
    const sent = await serveBytes(exchange, { digest, cacheControl, source }, delivery.transfers);
    if (sent !== undefined) {
      await onSent(address, digest, { ...sent, seconds: (performance.now() - started) / 1000 });
    }
    return true;
  } finally {
    await source.close();
  }
}

/** For HEAD: nothing is opened, and nothing can be read. */
async function sizeOnly(delivery: Delivery, digest: Digest): Promise<ArtefactSource | undefined> {
  const found = await delivery.stat(digest);
  if (found === undefined) return undefined;
  const nothing = { bytes: new Uint8Array(), release: () => undefined };
  return { size: found.size, piece: () => nothing, close: () => Promise.resolve() };
}
