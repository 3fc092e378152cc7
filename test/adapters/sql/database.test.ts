import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openDatabase } from '../../../src/adapters/sql/database.ts';
import { SqlHostStore } from '../../../src/adapters/sql/host-store.ts';
import { DATABASE_VERSION } from '../../../src/adapters/sql/migrations.ts';
import { aHost } from '../../builders.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

test('the database and its folder are for the owner only', async () => {
  const folder = join(temporaryFolder(), 'data');
  const database = temporaryDatabase(join(folder, 'bivouac.db'));
  await new SqlHostStore(database).put(aHost());
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'bivouac.db')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'bivouac.db-wal')).mode & 0o777).toBe(0o600);
});

test('a commit is written through to the disk (WAL, synchronous=FULL)', () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  temporaryDatabase(path);
  const other = new SqliteFile(path);
  expect(other.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(other.pragma('user_version', { simple: true })).toBe(DATABASE_VERSION);
  other.close();
});

test('a database of a later version is refused with a remedy', () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const later = new SqliteFile(path);
  later.pragma('user_version = 99');
  later.close();
  expect(() => openDatabase(path)).toThrow(`its version is 99, wanted at most ${DATABASE_VERSION}`);
});

test('a file that is no database is refused', () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  writeFileSync(path, 'not a database, and long enough to be read as one'.repeat(100));
  expect(() => openDatabase(path)).toThrow(/^Cannot open database/);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('the version moves with changes of hosts by another process or this one, not with reads and leases', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const here = temporaryDatabase(path);
  const elsewhere = temporaryDatabase(path);
  const first = here.version();
  await new SqlHostStore(here).list();
  expect(here.version()).toBe(first);
  await elsewhere.writer.append([['dropOldTokens', 0]]);
  await turn();
  expect(here.version()).toBe(first);
  await new SqlHostStore(elsewhere).put(aHost());
  await turn();
  const second = here.version();
  expect(second).not.toBe(first);
  await new SqlHostStore(here).put(aHost());
  expect(here.version()).not.toBe(second);
});
