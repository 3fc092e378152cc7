import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { AppError, messageOf } from '../../core/errors.ts';
import { migrate } from './migrations.ts';
import type { Tables } from './tables.ts';

/** One open database; all stores of a process share it. */
export interface SqlDatabase {
  readonly query: Kysely<Tables>;
  /** Changes whenever another process has committed, or this one has called `changed`. */
  version(): string;
  /** A store has committed something that a snapshot shows. */
  changed(): void;
  close(): Promise<void>;
}

// A statement of another process holds the lock for some milliseconds; a build never holds one while it works.
const BUSY_MS = 5000;

/** Open the database file, make it if there is none (mode 0600), and migrate it. Fails with `storage`. */
export function openDatabase(path: string): SqlDatabase {
  const file = openFile(path);
  const query = new Kysely<Tables>({ dialect: new SqliteDialect({ database: file }) });
  const dataVersion = file.prepare<[], number>('PRAGMA data_version').pluck();
  let ownChanges = 0;
  let isClosed = false;
  return {
    query,
    version: () => `${dataVersion.get() ?? 0}.${ownChanges}`,
    changed: () => {
      ownChanges += 1;
    },
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await query.destroy();
      file.close();
    },
  };
}

/** Run a database operation; whatever it throws becomes a `storage` fault that names the action. */
export async function storing<T>(action: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('storage', `Cannot ${action}: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether an error is SQLite's refusal of a second row with the same unique key. */
export function isUniqueViolation(error: unknown): boolean {
  return (
    error instanceof SqliteFile.SqliteError &&
    (error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY')
  );
}

function openFile(path: string): SqliteFile.Database {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its WAL the mode of the database, so it has to be right before SQLite sees the file.
    closeSync(openSync(path, 'a', 0o600));
    const file = new SqliteFile(path, { timeout: BUSY_MS });
    file.pragma('journal_mode = WAL');
    // FULL: a commit is on the disk, not in its cache, when it returns: an ACK must survive a power cut.
    file.pragma('synchronous = FULL');
    file.pragma('foreign_keys = ON');
    migrate(file);
    return file;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('storage', `Cannot open database "${path}": ${messageOf(error)}`, { cause: error });
  }
}
