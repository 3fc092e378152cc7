import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { AppError, messageOf } from '../../core/errors.ts';
import { openConnection } from './connection.ts';
import { migrate } from './migrations.ts';
import type { Tables } from './tables.ts';
import { SqlWriter } from './writer.ts';

/** One open database; all stores of a process share it. */
export interface SqlDatabase {
  readonly query: Kysely<Tables>;
  /** A statement that is worth preparing, to read with. */
  prepare(sql: string): SqliteFile.Statement;
  /** Writes what boots write, beside the main thread. */
  readonly writer: SqlWriter;
  /** Changes whenever another process has changed hosts or channels, or this one has called `changed`. */
  version(): string;
  /** A store has committed something that a snapshot shows. */
  changed(): void;
  close(): Promise<void>;
}

/** Open the database file, make it if there is none (mode 0600), and migrate it. Fails with `storage`. */
export function openDatabase(path: string): SqlDatabase {
  const file = openFile(path);
  const query = new Kysely<Tables>({ dialect: new SqliteDialect({ database: file }) });
  const writer = new SqlWriter(path);
  let isClosed = false;
  return {
    query,
    prepare: (sql) => file.prepare(sql),
    writer,
    ...versionOf(file),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await writer.close();
      await query.destroy();
      file.close();
    },
  };
}

/** Leases and events are committed many times a second; only what triggers count in `revision` makes a new version. */
function versionOf(file: SqliteFile.Database): Pick<SqlDatabase, 'version' | 'changed'> {
  const dataVersion = file.prepare<[], number>('PRAGMA data_version').pluck();
  const revision = file.prepare<[], number>('SELECT number FROM revision').pluck();
  let seen: number | undefined;
  let version = '';
  let isFresh = false;
  return {
    version: () => {
      if (isFresh) return version;
      const now = dataVersion.get();
      if (now !== seen) version = String(revision.get());
      seen = now;
      isFresh = true;
      // What another process commits is looked for once in a turn of the event loop, not for each packet.
      setImmediate(() => {
        isFresh = false;
      });
      return version;
    },
    changed: () => {
      // A commit of this connection leaves its `data_version` as it was.
      seen = undefined;
      isFresh = false;
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

/** SQLite cannot grow its shared memory (SQLITE_IOERR_SHMSIZE) on a full disk, and calls that an I/O error. */
function isStorageFault(error: unknown): boolean {
  return error instanceof SqliteFile.SqliteError && /^SQLITE_(?:IOERR|FULL)/.test(error.code);
}

function openFile(path: string): SqliteFile.Database {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives its WAL the mode of the database, so it has to be right before SQLite sees the file.
    closeSync(openSync(path, 'a', 0o600));
    const file = openConnection(path);
    migrate(file);
    return file;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('storage', `Cannot open database "${path}": ${messageOf(error)}`, {
      cause: error,
      ...(isStorageFault(error)
        ? { remedy: `Look at the disk of "${dirname(path)}": is there room left?` }
        : {}),
    });
  }
}
