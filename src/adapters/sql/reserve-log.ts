import { closeSync, fstatSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type SqliteFile from 'better-sqlite3';

/** Twice what the log holds when SQLite begins it anew (1000 pages of 4 KiB). */
const LOG_BYTES = 8 * 1024 * 1024;
const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * Fill the write-ahead log up with zeros, which SQLite takes for its end. A flush of a file that grows waits on ext4
 * (data=ordered) for what other programs have written as well: beside a build up to 480 ms, in a log of fixed size 27.
 */
export function reserveLog(database: SqliteFile.Database, path: string): void {
  // With the write lock no other process appends meanwhile.
  database.exec('BEGIN IMMEDIATE');
  const log = openSync(path, 'r+');
  try {
    for (let at = fstatSync(log).size; at < LOG_BYTES; at += ZEROS.length) {
      writeSync(log, ZEROS, 0, Math.min(ZEROS.length, LOG_BYTES - at), at);
    }
    fsyncSync(log);
  } finally {
    closeSync(log);
    database.exec('COMMIT');
  }
}
