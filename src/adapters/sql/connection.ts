import SqliteFile from 'better-sqlite3';

// A statement of another process holds the lock for some milliseconds; a build never holds one while it works.
const BUSY_MS = 5000;

/** Open a connection to a database file. */
export function openConnection(path: string): SqliteFile.Database {
  const file = new SqliteFile(path, { timeout: BUSY_MS });
  file.pragma('journal_mode = WAL');
  // FULL: a commit is on the disk, not in its cache, when it returns: an ACK must survive a power cut.
  file.pragma('synchronous = FULL');
  file.pragma('foreign_keys = ON');
  return file;
}
