import { createHash } from 'node:crypto';
import type { CardAnswer, StormCard } from '../../ports/storm-card.ts';
import type { HostRecord } from './record.ts';
import { BootStop } from './stop.ts';

/** How patiently a loader fetches. Times are milliseconds. */
export interface FetchManner {
  readonly tries: number;
  /** Wait before this try, counted from 1. */
  readonly pause: (failed: number) => number;
  /** Whether a try goes on where the one before ended. */
  readonly resumes: boolean;
  readonly connectLimit: number;
  readonly stallLimit: number;
}

/** iPXE under our boot script: six tries, five seconds apart, each from the start. iPXE itself waits for ever. */
export const IPXE_MANNER: FetchManner = {
  tries: 6,
  pause: () => 5000,
  resumes: false,
  connectLimit: 30_000,
  stallLimit: 120_000,
};

/** curl in `boot/initramfs/fetch.sh`. */
export const INITRAMFS_MANNER: FetchManner = {
  tries: 10,
  pause: (failed) => Math.min(1000 * 2 ** (failed - 1), 15_000),
  resumes: true,
  connectLimit: 5000,
  stallLimit: 15_000,
};

/** A file to fetch. */
export interface FetchOrder {
  readonly what: string;
  readonly url: string;
  readonly token?: string;
  /** What is wanted; undefined: whatever the server announces. */
  readonly size?: number;
  /** 64 hexadecimal digits; undefined: the length is checked only. */
  readonly sha256?: string;
  /** Keep the body, as text. */
  readonly keep?: boolean;
}

/** Answers after which asking again is of no use (`fetch_verdict` of the initramfs). */
const FINAL = new Set([400, 401, 403, 404, 410]);
/** `fetch_file` goes on as long as each try brings something; a simulated host ends some day. */
const MOST_TRIES = 200;
const KEEP_LIMIT = 256 * 1024;

/** Fetch a file as a real loader does; resolves to its text when that is kept. Throws `BootStop`. */
export async function fetchFile(
  { card, record }: { readonly card: StormCard; readonly record: HostRecord },
  order: FetchOrder,
  manner: FetchManner,
): Promise<string> {
  const body = new Body(order);
  for (let failed = 0, all = 1; ; all += 1) {
    const before = body.length;
    const answer = await card.http({
      method: 'GET',
      url: order.url,
      headers: headersOf(order, body.length),
      connectLimit: manner.connectLimit,
      stallLimit: manner.stallLimit,
      take: (chunk) => body.add(chunk),
    });
    if (answer.status !== undefined) record.addStatus(answer.status);
    record.counts.httpBytes += body.length - before;
    const isWhole = before > 0 && answer.status === 200;
    // curl ends with 33 here: what follows what is there already is the file from its start.
    const fault = isWhole ? 'the server knows no ranges' : faultOf(answer, body, order);
    if (fault === undefined) {
      record.counts.files += 1;
      if (order.sha256 !== undefined) record.counts.hashed += 1;
      return body.text();
    }
    failed = manner.resumes && body.length > before ? 1 : failed + 1;
    const reason = `${order.what}: ${fault}`;
    if (answer.status !== undefined && FINAL.has(answer.status)) throw new BootStop(reason, 'again');
    if (failed >= manner.tries || all >= MOST_TRIES)
      throw new BootStop(`${reason}, after ${all} tries`, 'again');
    record.addFault(reason);
    record.counts.httpRetries += 1;
    if (!manner.resumes || isWhole || isOver(body, order)) body.reset();
    await card.pause(manner.pause(failed));
  }
}

function headersOf({ token }: FetchOrder, have: number): Record<string, string> {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(have === 0 ? {} : { range: `bytes=${have}-` }),
  };
}

function faultOf(answer: CardAnswer, body: Body, order: FetchOrder): string | undefined {
  if (answer.fault !== undefined) return answer.fault;
  const wanted = order.size ?? answer.announced ?? body.length;
  if (answer.status !== 200 && answer.status !== 206) return `status ${answer.status ?? 'none'}`;
  if (body.length !== wanted) return `${body.length} of ${wanted} bytes`;
  // Bytes that are wrong though all of them came are the server's fault, not that of the link.
  if (order.sha256 !== undefined && body.sha256() !== order.sha256) {
    throw new BootStop(`${order.what}: its SHA-256 is not the one announced`, 'for good');
  }
  return undefined;
}

function isOver(body: Body, { size }: FetchOrder): boolean {
  return size !== undefined && body.length >= size;
}

/** What came of a file so far: its length, and where they are wanted its hash and its text. */
class Body {
  readonly #order: FetchOrder;
  #hash = createHash('sha256');
  #kept: Uint8Array[] = [];
  length = 0;

  constructor(order: FetchOrder) {
    this.#order = order;
  }

  add(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.#order.sha256 !== undefined) this.#hash.update(chunk);
    // The card hands over its own buffer.
    if (this.#order.keep === true && this.length <= KEEP_LIMIT) this.#kept.push(Uint8Array.from(chunk));
  }

  reset(): void {
    this.length = 0;
    this.#hash = createHash('sha256');
    this.#kept = [];
  }

  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  text(): string {
    return Buffer.concat(this.#kept).toString('utf8');
  }
}
