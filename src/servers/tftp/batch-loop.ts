import { messageOf } from '../../core/errors.ts';
import type { Libc } from '../libc/libc.ts';
import { fixedMemory } from '../libc/memory.ts';
import { Poller } from '../libc/poller.ts';
import { ReceiveBatch } from '../libc/receive-batch.ts';
import type { QuietLog } from '../quiet-log.ts';
import { BatchOutlet, type Listener } from './batch-outlet.ts';
import type { TftpCounters } from './counters.ts';
import type { DeskAnswer, PortMode, TableEvent, TableLimits } from './messages.ts';
import { Receiver } from './receiver.ts';
import { type Channel, clientOf } from './session.ts';
import { TransferTable } from './table.ts';

type LoopMessage = DeskAnswer | 'stop' | { readonly kind: 'listen'; readonly listener: Listener };

/** What the loop is made of. */
export interface BatchLoopOptions {
  readonly libc: Libc;
  readonly listeners: readonly Listener[];
  /** An eventfd, written to when {@link BatchLoopOptions.next} has something. */
  readonly wake: number;
  /** The next messages of the main thread; undefined when there are none. */
  readonly next: () => readonly LoopMessage[] | undefined;
  readonly post: (events: readonly TableEvent[]) => void;
  readonly counters: TftpCounters;
  readonly limits: TableLimits;
  readonly ports: PortMode;
  readonly log: QuietLog;
}

/** Datagrams of one system call. A request has at most 512 octets; one octet more tells a longer one. */
const RECEIVED = { count: 128, octets: 513 };
/** So many calls in a row empty one socket before the others have their turn. */
const CALLS = 8;
const ACK_OPCODE = 4;
/** Transfers that are many, and by how much the datagrams of a turn have to be fewer. */
const CROWD = 32;
const FEW = 4;
/** A datagram takes 4 microseconds to send: so long, others come. */
const GATHER_MICROSECONDS = 20;

/**
 * Waits in the system for datagrams and answers, takes all there are, and sends what they call for with one system call.
 * INVARIANT: nothing runs while nothing comes and no transfer's deadline passes.
 */
export class BatchLoop {
  readonly #options: BatchLoopOptions;
  readonly #poller: Poller;
  readonly #received: ReceiveBatch;
  readonly #outlet: BatchOutlet;
  readonly #table: TransferTable;
  readonly #receiver: Receiver;
  readonly #signal = fixedMemory(8);
  /** Datagrams of this turn. */
  #taken = 0;
  /** Events for the main thread, which each message wakes. */
  #events: TableEvent[] = [];

  constructor(options: BatchLoopOptions) {
    this.#options = options;
    const { libc, listeners, counters, limits, ports, log } = options;
    const post = (event: TableEvent): void => void this.#events.push(event);
    this.#poller = new Poller(libc, [options.wake, ...listeners.map(({ fd }) => fd)]);
    this.#received = new ReceiveBatch(libc, RECEIVED);
    this.#outlet = new BatchOutlet({ libc, poller: this.#poller, listeners, log });
    this.#table = new TransferTable({ outlet: this.#outlet, counters, limits, ports, post });
    this.#receiver = new Receiver({ table: this.#table, outlet: this.#outlet, counters, log });
  }

  /** Run until told to stop. Throws what makes it impossible to go on. */
  run(): void {
    try {
      while (this.#turn());
    } finally {
      this.#table.close();
      this.#poller.close();
      this.#postEvents();
    }
  }

  /** One wait and what came of it; false when it was told to stop. */
  #turn(): boolean {
    this.#gather();
    const ready = this.#poller.wait(this.#patience());
    this.#table.now = performance.now();
    for (const fd of ready) {
      if (fd === this.#options.wake) {
        if (!this.#takeAnswers()) return false;
        continue;
      }
      const channel = this.#outlet.channel(fd);
      if (channel !== undefined) this.#receive(channel);
    }
    this.#guard(() => this.#table.tick());
    this.#outlet.flush();
    this.#postEvents();
    return true;
  }

  #postEvents(): void {
    if (this.#events.length === 0) return;
    this.#options.post(this.#events);
    this.#events = [];
  }

  /**
   * Let more datagrams come where many transfers run but each turn brings few: clients and server wake each other for every one of
   * them then, 50 000 times a gigabyte.
   */
  #gather(): void {
    const [taken, { size }] = [this.#taken, this.#table];
    this.#taken = 0;
    if (size >= CROWD && taken > 0 && taken * FEW < size) this.#options.libc.usleep(GATHER_MICROSECONDS);
  }

  #patience(): number {
    const { nextDeadline } = this.#table;
    if (nextDeadline === Number.POSITIVE_INFINITY) return -1;
    return Math.max(0, Math.ceil(nextDeadline - performance.now()));
  }

  #receive(channel: Channel): void {
    for (let call = 0; call < CALLS; call++) {
      const count = this.#received.receive(channel.id);
      this.#taken += count;
      for (let index = 0; index < count; index++) this.#takeDatagram(channel, index);
      this.#outlet.flush();
      this.#postEvents();
      if (count < this.#received.most || this.#outlet.channel(channel.id) !== channel) return;
      this.#table.now = performance.now();
    }
  }

  #takeDatagram(channel: Channel, index: number): void {
    const received = this.#received;
    const client = clientOf(received.address(index), received.port(index));
    try {
      if (received.length(index) === 4) {
        const word = received.firstWord(index);
        if (word >>> 16 === ACK_OPCODE) return this.#receiver.ack(channel, client, word & 0xffff);
      }
      this.#receiver.receive(channel, client, received.bytes(index));
    } catch (error) {
      this.#fault(error);
    }
  }

  #takeAnswers(): boolean {
    const { libc, wake, next } = this.#options;
    libc.read(wake, this.#signal, this.#signal.length);
    for (let messages = next(); messages !== undefined; messages = next()) {
      for (const message of messages) {
        if (message === 'stop') return false;
        this.#guard(() => {
          if (message.kind === 'listen') this.#outlet.listen(message.listener);
          else this.#table.take(message);
        });
      }
    }
    return true;
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#fault(error);
    }
  }

  /** One transfer is at fault; the others go on. */
  #fault(error: unknown): void {
    const fields = { cause: messageOf(error) };
    this.#options.log.log({ level: 'error', topic: 'TFTP transfer failed', fields });
  }
}
