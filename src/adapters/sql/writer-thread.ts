import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type SqliteFile from 'better-sqlite3';
import { messageOf } from '../../core/errors.ts';
import { openConnection } from './connection.ts';
import { reserveLog } from './reserve-log.ts';
import { WRITES, type Write, type WriteReport, type WriteRequest, type WriteResult } from './writes.ts';

// The thread that writes what a boot writes, so that neither a flush of the disk nor another process that holds the
// write lock keeps the server from answering.
// INVARIANTS: groups of one kind are written in the order in which they were asked for; durable ones go first; what was asked for
// when a transaction begins is part of it.

/** How many callers share a transaction: more would make the first wait for the last. */
const MOST_TOGETHER = 512;

type Group = readonly Write[];
type Statements = Readonly<Record<keyof typeof WRITES, SqliteFile.Statement>>;

const path = parsePath(workerData);
const database = openConnection(path);
// checkpoint-thread.ts does it.
database.pragma('wal_autocheckpoint = 0');
reserveLog(database, `${path}-wal`);
const statements = prepareAll(database);
let isFull = true;

const durable: Group[] = [];
const relaxed: Group[] = [];
let isClosing = false;

parentPort?.on('message', (message: string) => {
  take(message);
  work();
  if (!isClosing) return;
  database.close();
  parentPort?.close();
});

function take(message: string): void {
  if (message === 'close') {
    isClosing = true;
    return;
  }
  const { groups, isDurable } = parseRequest(message);
  (isDurable ? durable : relaxed).push(...groups);
}

/** Write all that waits, and what comes meanwhile. */
function work(): void {
  for (;;) {
    takeWaiting();
    const isDurable = durable.length > 0;
    // Relaxed writes may be many at once, and a lease may have to wait for one transaction of them: a short one.
    const groups = isDurable ? durable.splice(0, MOST_TOGETHER) : relaxed.splice(0, 1);
    if (groups.length === 0) return;
    report(isDurable, perform({ groups, isDurable }));
  }
}

function takeWaiting(): void {
  if (parentPort === null) return;
  for (;;) {
    const received = parseReceived(receiveMessageOnPort(parentPort));
    if (received === undefined) return;
    take(received.message);
  }
}

function report(isDurable: boolean, result: WriteResult): void {
  const told: WriteReport = { isDurable, count: result.length };
  parentPort?.postMessage(
    result.every((reason) => reason === undefined) ? told : { ...told, failures: result },
  );
}

function perform({ groups, isDurable }: WriteRequest): WriteResult {
  try {
    setDurability(isDurable);
    database.exec('BEGIN IMMEDIATE');
  } catch (error) {
    return groups.map(() => messageOf(error));
  }
  try {
    for (const group of groups) runAll(group);
    database.exec('COMMIT');
    return groups.map(() => undefined);
  } catch (error) {
    rollBack();
    // One caller's bad change must not fail the others.
    return groups.length === 1
      ? [messageOf(error)]
      : groups.flatMap((group) => perform({ groups: [group], isDurable }));
  }
}

/** A transaction of synchronous=NORMAL is not flushed; the next one of FULL flushes it too, being one log. */
function setDurability(isDurable: boolean): void {
  if (isDurable === isFull) return;
  database.pragma(`synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`);
  isFull = isDurable;
}

function runAll(group: Group): void {
  for (const [name, ...parameters] of group) statements[name].run(...parameters);
}

function rollBack(): void {
  if (database.inTransaction) database.exec('ROLLBACK');
}

function prepareAll(file: SqliteFile.Database): Statements {
  const prepare = (name: keyof typeof WRITES): SqliteFile.Statement => file.prepare(WRITES[name]);
  return {
    putLease: prepare('putLease'),
    rehearseLease: prepare('rehearseLease'),
    dropLease: prepare('dropLease'),
    dropLeaseOf: prepare('dropLeaseOf'),
    orderRelease: prepare('orderRelease'),
    dropReleaseOrder: prepare('dropReleaseOrder'),
    openBoot: prepare('openBoot'),
    claimBoot: prepare('claimBoot'),
    addEvent: prepare('addEvent'),
    forgetBootsOf: prepare('forgetBootsOf'),
    forgetStrangers: prepare('forgetStrangers'),
    putToken: prepare('putToken'),
    dropOldTokens: prepare('dropOldTokens'),
  };
}

function parseRequest(text: string): WriteRequest {
  return JSON.parse(text) as WriteRequest;
}

function parseReceived(received: unknown): { readonly message: string } | undefined {
  return received as { readonly message: string } | undefined;
}

function parsePath(data: unknown): string {
  if (typeof data !== 'string') throw new TypeError('Cannot start the writer: it was told no database');
  return data;
}
