import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { expect, test } from 'vitest';
import { SqlCatalogueStore } from '../../../src/adapters/sql/catalogue-store.ts';
import { openDatabase } from '../../../src/adapters/sql/database.ts';
import { SqlHostStore } from '../../../src/adapters/sql/host-store.ts';
import { SqlLeaseStore } from '../../../src/adapters/sql/lease-store.ts';
import { DATABASE_VERSION, MIGRATIONS } from '../../../src/adapters/sql/migrations.ts';
import { STABLE } from '../../../src/core/image.ts';
import { canonicalJson } from '../../../src/core/release.ts';
import { aHost, aLease, aNamedRelease, aSubnet, imageName, ip, mac } from '../../builders.ts';
import { FakeClock } from '../../fakes/clock.ts';
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

test('channels of the time before there were several architectures keep what they point to', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const old = new SqliteFile(path);
  const ours = MIGRATIONS.findIndex((sql) => sql.includes('channels_by_architecture'));
  for (const sql of MIGRATIONS.slice(0, ours)) old.exec(sql);
  old.pragma(`user_version = ${ours}`);
  const { digest, release } = aNamedRelease({ architecture: 'arm64' });
  old.prepare('INSERT INTO releases VALUES (?, ?)').run(digest, canonicalJson(release));
  old.prepare('INSERT INTO channels VALUES (?, ?, ?, ?)').run('web', 'stable', digest, 7);
  old.prepare('INSERT INTO publications VALUES (NULL, ?, ?, ?, ?)').run('web', 'stable', digest, 7);
  old.close();
  const store = new SqlCatalogueStore(temporaryDatabase(path), new FakeClock());
  const { publications } = await store.current();
  expect(publications).toMatchObject([{ image: 'web', channel: 'stable', digest, publishedAt: 7 }]);
  expect(await store.history(imageName('web'), STABLE)).toHaveLength(1);
  expect(await store.publish({ digest, release }, STABLE)).toBe(false);
});

test('leases of the time when they lay in the order of addresses are still there, and can be changed', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const old = new SqliteFile(path);
  const ours = MIGRATIONS.findIndex((sql) => sql.includes('leases_by_row'));
  for (const sql of MIGRATIONS.slice(0, ours)) old.exec(sql);
  old.pragma(`user_version = ${ours}`);
  const lease = aLease();
  old
    .prepare('INSERT INTO leases VALUES (?, ?, ?, ?)')
    .run(lease.address, lease.mac, lease.expiresAt, lease.state);
  old.close();
  const store = await SqlLeaseStore.load(temporaryDatabase(path));
  expect(store.list()).toEqual([lease]);
  const other = aLease({ mac: mac('52:54:00:00:00:0b'), address: ip('10.77.0.12') });
  await store.commit(other, aSubnet().subnet);
  await store.remove(lease.address);
  expect((await SqlLeaseStore.load(temporaryDatabase(path))).list()).toEqual([other]);
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
