import { parentPort, workerData } from 'node:worker_threads';
import type SqliteFile from 'better-sqlite3';
import { messageOf } from '../../core/errors.ts';
import { openConnection } from './connection.ts';
import { reserveLog } from './reserve-log.ts';
import { WRITES, type Write, type WriteRequest, type WriteResult } from './writes.ts';

// The thread that writes what a boot writes, so that neither a flush of the disk nor another process that holds the
// write lock keeps the server from answering.

type Statements = Readonly<Record<keyof typeof WRITES, SqliteFile.Statement>>;

const path = parsePath(workerData);
const database = openConnection(path);
// checkpoint-thread.ts does it.
database.pragma('wal_autocheckpoint = 0');
reserveLog(database, `${path}-wal`);
const statements = prepareAll(database);
let isFull = true;

parentPort?.on('message', (request: string) => {
  if (request === 'close') {
    database.close();
    parentPort?.close();
    return;
  }
  const result = perform(parseRequest(request));
  parentPort?.postMessage(result.every((reason) => reason === undefined) ? 'written' : result);
});

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

function runAll(group: readonly Write[]): void {
  for (const [name, ...parameters] of group) statements[name].run(...parameters);
}

function rollBack(): void {
  if (database.inTransaction) database.exec('ROLLBACK');
}

function prepareAll(file: SqliteFile.Database): Statements {
  const prepare = (name: keyof typeof WRITES): SqliteFile.Statement => file.prepare(WRITES[name]);
  return {
    putLease: prepare('putLease'),
    dropLease: prepare('dropLease'),
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

function parsePath(data: unknown): string {
  if (typeof data !== 'string') throw new TypeError('Cannot start the writer: it was told no database');
  return data;
}
