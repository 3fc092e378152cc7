import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { loadLibc } from '../libc/libc.ts';
import { type DatagramLogger, QuietLog } from '../quiet-log.ts';
import { BatchLoop } from './batch-loop.ts';
import type { Listener } from './batch-outlet.ts';
import { TftpCounters } from './counters.ts';
import type { DeskAnswer, PortMode, TableEvent, TableLimits } from './messages.ts';

/** What the main thread gives the worker at its start. */
export interface BatchWorkerData {
  readonly listeners: readonly Listener[];
  readonly wake: number;
  readonly counters: SharedArrayBuffer;
  readonly limits: TableLimits;
  readonly ports: PortMode;
}

/** What the main thread tells the worker. */
export type BatchWorkerMessage =
  | DeskAnswer
  | 'stop'
  | { readonly kind: 'listen'; readonly listener: Listener };

// The thread of the batch engine. It never returns to its event loop before it is told to stop.
const port = parentPort;
if (port !== null) {
  const loaded = await loadLibc();
  if (!loaded.ok) throw new Error(`Cannot send in batches: ${loaded.reason}`);
  const { counters, ...data } = parseWorkerData(workerData);
  const post = (events: readonly TableEvent[]): void => port.postMessage(events);
  const line = (level: 'debug' | 'warn' | 'error'): DatagramLogger['debug'] => {
    return (fields: unknown, topic?: string) =>
      post([{ kind: 'line', level, topic: topic ?? '', fields: { ...parseFields(fields) } }]);
  };
  const logger = { debug: line('debug'), info: line('debug'), warn: line('warn'), error: line('error') };
  const loop = new BatchLoop({
    ...data,
    libc: loaded.libc,
    counters: new TftpCounters(counters),
    log: new QuietLog(logger),
    post,
    next: () => parseMessages(receiveMessageOnPort(port)),
  });
  loop.run();
  port.close();
}

function parseWorkerData(data: unknown): BatchWorkerData {
  return data as BatchWorkerData;
}

function parseMessages(
  received: { readonly message: unknown } | undefined,
): readonly BatchWorkerMessage[] | undefined {
  return received?.message as readonly BatchWorkerMessage[] | undefined;
}

function parseFields(fields: unknown): object {
  return fields as object;
}
