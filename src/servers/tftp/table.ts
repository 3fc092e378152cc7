import { negotiate } from '../../wire/tftp/options.ts';
import { encodeTftp, TFTP_ERROR } from '../../wire/tftp/packet.ts';
import {
  bytesAcknowledged,
  onAck,
  onError,
  onTimeout,
  startTransfer,
  type TransferOutcome,
} from '../../wire/tftp/transfer.ts';
import type { TftpCounters } from './counters.ts';
import { Flights } from './flights.ts';
import { FrameCache } from './frame-cache.ts';
import { Lookups } from './lookups.ts';
import type { DeskAnswer, PortMode, TableEvent, TableLimits } from './messages.ts';
import { addressOf, type Channel, type Outlet, type Serving, type Session } from './session.ts';

/** What {@link TransferTable} is made of. */
export interface TableOptions {
  readonly outlet: Outlet;
  readonly post: (event: TableEvent) => void;
  readonly counters: TftpCounters;
  readonly limits: TableLimits;
  readonly ports: PortMode;
}

type Found = Extract<DeskAnswer, { kind: 'found' }>;

/** The main thread has so long to find a file; the client has asked again by then. */
const FINDING_MS = 10_000;
const NO_OACK = new Uint8Array();

/**
 * All transfers under way, without sockets, files or clock: an engine sets `now`, hands in what arrives and calls `tick` at
 * `nextDeadline`. INVARIANTS: one transfer for each client port; at most `limits.transfers`; one that its client has
 * acknowledged is never given up for another.
 */
export class TransferTable {
  /** Milliseconds of a steady clock. */
  now = 0;
  /** When to call {@link tick}. */
  nextDeadline = Number.POSITIVE_INFINITY;
  readonly #options: TableOptions;
  readonly #cache: FrameCache;
  readonly #flights: Flights;
  readonly #lookups: Lookups;
  readonly #sessions = new Map<number, Session>();
  /** Those whose client may be forged, the oldest first. */
  readonly #unverified = new Set<Session>();

  constructor(options: TableOptions) {
    this.#options = options;
    const { outlet, post, limits } = options;
    this.#cache = new FrameCache(limits.memory);
    this.#flights = new Flights({ outlet, read: (part) => post({ kind: 'read', ...part }) });
    this.#lookups = new Lookups((wanted) => post({ kind: 'find', ...wanted }));
  }

  /** Transfers under way. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Begin a transfer by having its file looked up; false when there are too many. */
  begin(session: Session, mode: 'octet' | 'netascii'): boolean {
    if (!this.#makeRoom()) return false;
    this.#sessions.set(session.ticket, session);
    this.#unverified.add(session);
    session.listener.sessions.set(session.client, session);
    this.#options.counters.add('active');
    this.#expect(this.now + FINDING_MS);
    const { ticket, client, request } = session;
    this.#lookups.ask({ ticket, client: addressOf(client), file: request.file, mode });
    return true;
  }

  /** Take an ACK for a transfer; `block` has 16 bits. */
  ack(session: Session, block: number): void {
    const { serving } = session;
    if (serving === undefined) return;
    const { transfer } = serving;
    const verdict = onAck(transfer, block, this.now);
    if (verdict === 'wait') return;
    if (verdict === 'complete') return this.end(session, { kind: 'complete' });
    this.#unverified.delete(session);
    this.#send(session, serving);
  }

  /** Take a client's ERROR. */
  error(session: Session, code: number, message: string): void {
    if (session.serving === undefined) return this.#remove(session);
    this.end(session, onError(session.serving.transfer, code, message));
  }

  /** Take an answer of the desk. */
  take(answer: DeskAnswer): void {
    if (answer.kind === 'part') return this.#takePart(answer);
    this.#lookups.answered(answer.ticket);
    const session = this.#sessions.get(answer.ticket);
    if (session === undefined) return;
    switch (answer.kind) {
      case 'found':
        return this.#start(session, answer);
      case 'missing':
        return this.#refuse(session, TFTP_ERROR.notFound, 'File not found');
      case 'unreadable':
        return this.#refuse(session, TFTP_ERROR.undefined, 'The file cannot be read');
    }
  }

  /** Send again what was not acknowledged in time, and give up who is silent. */
  tick(): void {
    if (this.now < this.nextDeadline) return;
    this.nextDeadline = Number.POSITIVE_INFINITY;
    for (const session of this.#sessions.values()) {
      const deadline = session.serving?.transfer.deadline ?? session.startedAt + FINDING_MS;
      if (deadline <= this.now) this.#timeOut(session);
      else this.#expect(deadline);
    }
  }

  /** End a transfer, and tell the desk how. */
  end(session: Session, outcome: TransferOutcome): void {
    if (session.isEnded) return;
    const { serving, client, startedAt } = session;
    this.#remove(session);
    if (serving === undefined) return;
    const bytes = outcome.kind === 'complete' ? serving.transfer.size : bytesAcknowledged(serving.transfer);
    if (outcome.kind === 'timeout') this.#options.counters.add('timeouts');
    this.#options.counters.add('bytes', bytes);
    const seconds = Math.round(this.now - startedAt) / 1000;
    const { name } = serving;
    this.#options.post({ kind: 'ended', client: addressOf(client), name, outcome, bytes, seconds });
  }

  /** Break off all transfers. */
  close(): void {
    for (const session of this.#sessions.values()) this.#remove(session);
  }

  #start(session: Session, { name, content, limits }: Found): void {
    const { request } = session;
    const size = content.kind === 'bytes' ? content.bytes.length : content.size;
    const agreed = negotiate(request.options, size, limits);
    const file = this.#cache.open(content, agreed.blockSize);
    const channel = this.#channelFor(session);
    const transfer = startTransfer(agreed, size, this.now);
    const oack = agreed.granted.size > 0 ? encodeTftp({ kind: 'oack', options: agreed.granted }) : NO_OACK;
    session.serving = { name, file, transfer, oack, channel, unsent: transfer.base };
    file.users++;
    this.#send(session, session.serving);
  }

  #channelFor(session: Session): Channel {
    if (this.#options.ports === 'single') return session.listener;
    const channel = this.#options.outlet.open(session.listener);
    channel.own = session;
    return channel;
  }

  #send(session: Session, serving: Serving): void {
    this.#flights.send(session, serving, this.now);
    this.#expect(serving.transfer.deadline);
  }

  #resume(session: Session, serving: Serving): void {
    this.#flights.resume(session, serving, this.now);
    this.#expect(serving.transfer.deadline);
  }

  #timeOut(session: Session): void {
    const { serving } = session;
    if (serving === undefined) return this.#remove(session);
    if (onTimeout(serving.transfer, this.now) !== 'send') return this.end(session, { kind: 'timeout' });
    this.#options.counters.add('resent');
    this.#send(session, serving);
  }

  #takePart({ part, data }: Extract<DeskAnswer, { kind: 'part' }>): void {
    const file = this.#cache.find(part.key, part.blockSize);
    if (file === undefined) return;
    if (data !== undefined) this.#cache.put(file, part.chunk, { data, now: this.now });
    for (const session of this.#flights.loaded(file, part.chunk)) {
      if (session.serving === undefined) continue;
      if (data !== undefined) this.#resume(session, session.serving);
      else this.#breakOff(session, session.serving);
    }
  }

  /** The file has become unreadable in mid-transfer. */
  #breakOff(session: Session, { channel }: Serving): void {
    const message = 'The file cannot be read';
    const bytes = encodeTftp({ kind: 'error', code: TFTP_ERROR.undefined, message });
    this.#options.outlet.datagram(channel, session.client, bytes);
    this.end(session, { kind: 'aborted', code: TFTP_ERROR.undefined, message });
  }

  #refuse(session: Session, code: number, message: string): void {
    this.#options.counters.add('refused');
    const bytes = encodeTftp({ kind: 'error', code, message });
    this.#options.outlet.datagram(session.listener, session.client, bytes);
    this.#remove(session);
  }

  #makeRoom(): boolean {
    if (this.#sessions.size < this.#options.limits.transfers) return true;
    const [oldest] = this.#unverified;
    if (oldest === undefined) return false;
    this.#remove(oldest);
    return true;
  }

  #remove(session: Session): void {
    if (session.isEnded) return;
    session.isEnded = true;
    this.#options.counters.add('active', -1);
    this.#lookups.forget(session.ticket);
    this.#sessions.delete(session.ticket);
    this.#unverified.delete(session);
    const { sessions } = session.listener;
    if (sessions.get(session.client) === session) sessions.delete(session.client);
    const { serving } = session;
    if (serving === undefined) return;
    serving.file.users--;
    this.#flights.forget(session, serving);
    if (serving.channel !== session.listener) this.#options.outlet.close(serving.channel);
  }

  #expect(deadline: number): void {
    if (deadline < this.nextDeadline) this.nextDeadline = deadline;
  }
}
