import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openDatabase, type SqlDatabase } from '../../../src/adapters/sql/database.ts';
import { temporaryFolder } from '../../temporary.ts';

/** A database in a new folder, closed after the test. */
export function temporaryDatabase(path = join(temporaryFolder(), 'bivouac.db')): SqlDatabase {
  const database = openDatabase(path);
  onTestFinished(() => database.close());
  return database;
}
