import { chunkPart, DATA_HEADER } from '../../wire/tftp/frames.ts';
import { sent } from '../../wire/tftp/transfer.ts';
import type { FramedFile } from './frame-cache.ts';
import type { PartWanted } from './messages.ts';
import type { Outlet, Run, Serving, Session } from './session.ts';

/** What {@link Flights} is made of. */
export interface FlightsOptions {
  readonly outlet: Outlet;
  readonly read: (part: PartWanted) => void;
}

/** A transfer whose chunk has not come looks again after this time. */
const LOADING_MS = 10_000;
const NO_CHUNK = { bytes: new Uint8Array(), address: 0, usedAt: 0 };

/**
 * Sends what a transfer has in flight: slices of the frame cache, without making an object for a packet. A transfer whose
 * next chunk is not there waits for it, and goes on from where it was. INVARIANT: no transfer needs two chunks at one time,
 * so it gets on however little memory there is.
 */
export class Flights {
  readonly #options: FlightsOptions;
  readonly #starved = new Map<FramedFile, Set<Session>>();
  readonly #run: Run = { chunk: NO_CHUNK, start: 0, length: 0, packet: 0 };

  constructor(options: FlightsOptions) {
    this.#options = options;
  }

  /** Send what the transfer's verdict calls for, and set its deadline. */
  send(session: Session, serving: Serving, now: number): void {
    serving.unsent = serving.transfer.from;
    this.resume(session, serving, now);
  }

  /** Send what of the flight waited for a chunk. */
  resume(session: Session, serving: Serving, now: number): void {
    const { transfer, channel } = serving;
    if (transfer.base === 0) this.#options.outlet.datagram(channel, session.client, serving.oack);
    else this.#sendBlocks(session, serving, now);
    if (transfer.base > 0 && serving.unsent < transfer.next) transfer.deadline = now + LOADING_MS;
    else sent(transfer, now);
  }

  /** Sessions that waited for a chunk of the file which has now come, or cannot be read. */
  loaded(file: FramedFile, chunk: number): readonly Session[] {
    file.loading.delete(chunk);
    const sessions = [...(this.#starved.get(file) ?? [])];
    this.#starved.delete(file);
    return sessions;
  }

  /** Forget a transfer that has ended. */
  forget(session: Session, { file }: Serving): void {
    const others = this.#starved.get(file);
    if (others?.delete(session) === true && others.size === 0) this.#starved.delete(file);
  }

  #sendBlocks(session: Session, serving: Serving, now: number): void {
    const { file, transfer, channel } = serving;
    const { chunkBlocks, blockSize, chunks } = file.plan;
    const run = this.#run;
    run.packet = blockSize + DATA_HEADER;
    let index = 0;
    while (serving.unsent < transfer.next) {
      index = Math.floor((serving.unsent - 1) / chunkBlocks);
      const chunk = file.chunks[index];
      if (chunk === undefined) return this.#starve(session, file, index);
      const end = Math.min(transfer.next, (index + 1) * chunkBlocks + 1);
      chunk.usedAt = now;
      run.chunk = chunk;
      run.start = (serving.unsent - 1 - index * chunkBlocks) * run.packet;
      // The last packet of the file is short.
      run.length = Math.min((end - serving.unsent) * run.packet, chunk.bytes.length - run.start);
      this.#options.outlet.blocks(channel, session.client, run);
      serving.unsent = end;
    }
    // The next chunk is asked for in good time.
    if (index + 1 < chunks && file.chunks[index + 1] === undefined) this.#load(file, index + 1);
  }

  #load(file: FramedFile, index: number): void {
    if (file.key === undefined || file.loading.has(index)) return;
    file.loading.add(index);
    const { position, length } = chunkPart(file.plan, index);
    this.#options.read({ key: file.key, blockSize: file.plan.blockSize, chunk: index, position, length });
  }

  #starve(session: Session, file: FramedFile, index: number): void {
    this.#load(file, index);
    const others = this.#starved.get(file);
    if (others === undefined) this.#starved.set(file, new Set([session]));
    else others.add(session);
  }
}
