import { parentPort, workerData } from 'node:worker_threads';
import { openConnection } from './connection.ts';

// The thread that carries the write-ahead log over into the database. A commit that did so by itself would hold up the
// leases behind it for as long as the disk takes, and where it is busy that is tenths of a second.

const INTERVAL_MILLISECONDS = 1000;
/** From here on the log is made to begin anew: it has room for some 2000 pages, see reserve-log.ts. */
const MOST_PAGES = 1500;

interface Progress {
  /** Pages in the log. */
  readonly log: number;
}

const database = openConnection(parsePath(workerData));
const timer = setInterval(() => {
  const [passive] = parseProgress(database.pragma('wal_checkpoint(PASSIVE)'));
  if (passive !== undefined && passive.log > MOST_PAGES) database.pragma('wal_checkpoint(RESTART)');
}, INTERVAL_MILLISECONDS);

parentPort?.on('message', () => {
  clearInterval(timer);
  database.close();
  parentPort?.close();
});

function parseProgress(rows: unknown): readonly Progress[] {
  return rows as readonly Progress[];
}

function parsePath(data: unknown): string {
  if (typeof data !== 'string')
    throw new TypeError('Cannot start checkpoints: the thread was told no database');
  return data;
}
