import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Ipv4, ipv4ToNumber } from '../../core/address.ts';
import { messageOf } from '../../core/errors.ts';
import { LINUX } from '../libc/constants.ts';
import { type Libc, loadLibc } from '../libc/libc.ts';
import { fixedMemory } from '../libc/memory.ts';
import { boundPort, openUdp, SocketError } from '../libc/udp-socket.ts';
import { bindError } from '../udp.ts';
import type { Listener } from './batch-outlet.ts';
import type { BatchWorkerData, BatchWorkerMessage } from './batch-worker.ts';
import type { Engine, EngineOptions } from './engine.ts';
import type { TableEvent } from './messages.ts';

/** What the batch engine needs besides the rest. */
export interface BatchEngineOptions extends EngineOptions {
  /** Told once when the thread cannot be kept running; the engine is to be stopped then. */
  readonly onGivenUp: (reason: string) => void;
}

/** A batch engine, or why there can be none on this machine. */
export type BatchStart =
  | { readonly ok: true; readonly engine: BatchEngine }
  | { readonly ok: false; readonly reason: string };

/** Room for the ACKs of thousands of clients, and for the windows of hundreds. */
const SOCKET_BUFFER = 8 * 1024 * 1024;
/** A thread that ends so often in a minute is not started again. */
const MOST_RESTARTS = 3;
const RESTART_WINDOW_MS = 60_000;
const STOP_MS = 2000;

/** The transfers in a thread of their own; sockets outlive it, so that requests wait while a new one is started. */
export class BatchEngine implements Engine {
  readonly name = 'batch';
  port: number;
  readonly #options: BatchEngineOptions;
  readonly #libc: Libc;
  #listeners: readonly Listener[];
  readonly #wake: number;
  readonly #one = fixedMemory(8);
  #worker: Worker | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #isStopped = false;
  #restarts: number[] = [];
  /** What waits to be told to the thread, all in one message: each wakes it. */
  #untold: BatchWorkerMessage[] = [];

  private constructor(options: BatchEngineOptions, libc: Libc, listeners: readonly Listener[]) {
    this.#options = options;
    this.#libc = libc;
    this.#listeners = listeners;
    this.port = listeners[0] === undefined ? options.port : boundPort(libc, listeners[0].fd);
    this.#one[0] = 1;
    this.#wake = libc.eventfd(0, LINUX.EFD_CLOEXEC | LINUX.EFD_NONBLOCK);
    this.#startWorker();
  }

  /** Start listening. Rejects when a port or an address cannot be had. */
  static async start(options: BatchEngineOptions): Promise<BatchStart> {
    const loaded = await loadLibc();
    if (!loaded.ok) return loaded;
    return { ok: true, engine: new BatchEngine(options, loaded.libc, bindAll(loaded.libc, options)) };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const worker = this.#worker;
    if (worker !== undefined) {
      this.#tell('stop');
      const timer = setTimeout(() => void worker.terminate(), STOP_MS);
      await this.#ended;
      clearTimeout(timer);
    }
    for (const { fd } of this.#listeners) this.#libc.close(fd);
    this.#libc.close(this.#wake);
    this.#options.counters.clearActive();
  }

  listen(address: Ipv4): Promise<void> {
    return Promise.resolve().then(() => {
      const listener = bindOne(this.#libc, address, this.port);
      this.port = boundPort(this.#libc, listener.fd);
      this.#listeners = [...this.#listeners, listener];
      this.#tell({ kind: 'listen', listener });
    });
  }

  #startWorker(): void {
    const { counters, limits, ports } = this.#options;
    const data: BatchWorkerData = {
      listeners: this.#listeners,
      wake: this.#wake,
      counters: counters.shared,
      limits,
      ports,
    };
    // Run from its sources or from what was built of them.
    const program = new URL(`./batch-worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(program, { workerData: data, name: 'tftp', execArgv: [] });
    let reason = 'it ended by itself';
    this.#untold = [];
    worker.on('message', (events: readonly TableEvent[]) => {
      for (const event of events) this.#options.desk.take(event, (answer) => this.#tell(answer, worker));
    });
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    this.#worker = worker;
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        resolve(undefined);
        if (!this.#isStopped) this.#restart(reason);
      });
    });
  }

  #restart(reason: string): void {
    const { counters, log } = this.#options;
    const fields = { cause: reason, transfers: counters.read().active };
    log.log({ level: 'error', topic: 'TFTP thread failed, its transfers are broken off', fields });
    counters.clearActive();
    this.#worker = undefined;
    const now = performance.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < RESTART_WINDOW_MS), now];
    if (this.#restarts.length > MOST_RESTARTS) this.#options.onGivenUp(reason);
    else this.#startWorker();
  }

  /** Hand a message to the thread once this turn's are together, unless the one that it is meant for has ended. */
  #tell(message: BatchWorkerMessage, worker = this.#worker): void {
    if (worker === undefined || worker !== this.#worker) return;
    if (this.#untold.push(message) === 1) setImmediate(() => this.#tellAll(worker));
  }

  #tellAll(worker: Worker): void {
    if (worker !== this.#worker) return;
    const messages = this.#untold;
    this.#untold = [];
    worker.postMessage(messages, messages.flatMap(transfersOf));
    this.#libc.write(this.#wake, this.#one, this.#one.length);
  }
}

/** Memory that can be handed over instead of being copied. */
function transfersOf(message: BatchWorkerMessage): ArrayBuffer[] {
  if (message === 'stop' || message.kind !== 'part' || message.data === undefined) return [];
  const { buffer, byteLength } = message.data;
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [];
}

function bindAll(libc: Libc, { addresses, port }: EngineOptions): readonly Listener[] {
  const listeners: Listener[] = [];
  let common = port;
  for (const address of addresses) {
    try {
      const listener = bindOne(libc, address, common);
      listeners.push(listener);
      common = boundPort(libc, listener.fd);
    } catch (error) {
      for (const { fd } of listeners) libc.close(fd);
      throw error;
    }
  }
  return listeners;
}

function bindOne(libc: Libc, address: Ipv4, port: number): Listener {
  const bits = ipv4ToNumber(address);
  try {
    return { fd: openUdp(libc, { address: bits, port, buffer: SOCKET_BUFFER }), address: bits };
  } catch (error) {
    throw error instanceof SocketError ? bindError({ address, port }, error) : error;
  }
}
