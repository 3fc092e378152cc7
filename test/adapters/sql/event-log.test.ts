import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { expect, test } from 'vitest';
import { type EventLogOptions, SqlEventLog } from '../../../src/adapters/sql/event-log.ts';
import type { BootEvent, BootId } from '../../../src/core/event.ts';
import { hostName, mac } from '../../builders.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

const WEB01 = hostName('web01');

function anEvent(given: Partial<BootEvent> & { id?: string } = {}): BootEvent {
  const { id, ...rest } = given;
  return {
    boot: (id ?? 'boot-1') as BootId,
    mac: mac(),
    host: WEB01,
    at: 1000,
    fact: { kind: 'milestone', milestone: 'network-up' },
    ...rest,
  };
}

function aLog(options: EventLogOptions = {}): SqlEventLog {
  return new SqlEventLog(temporaryDatabase(), options);
}

test('a read sees every event appended before it, in order', async () => {
  const log = aLog();
  log.append(anEvent({ at: 1000 }));
  log.append(anEvent({ at: 1500, fact: { kind: 'ignored', why: 'no image' } }));
  const record = await log.latest(mac());
  expect(record).toEqual({
    boot: 'boot-1',
    mac: mac(),
    host: 'web01',
    startedAt: 1000,
    events: [anEvent({ at: 1000 }), anEvent({ at: 1500, fact: { kind: 'ignored', why: 'no image' } })],
  });
  expect(await log.find('boot-1' as BootId)).toEqual(record);
  expect(await log.find('boot-2' as BootId)).toBeUndefined();
  expect(await log.latest(mac('52:54:00:00:00:99'))).toBeUndefined();
});

test('boots of a host come newest first, at most as many as asked for', async () => {
  const log = aLog();
  for (let index = 0; index < 5; index += 1) log.append(anEvent({ id: `b${index}`, at: 1000 + index }));
  expect((await log.boots(WEB01, 3)).map((record) => record.boot)).toEqual(['b4', 'b3', 'b2']);
});

test('a boot that a host claims later is listed as its own', async () => {
  const log = aLog();
  const { host: _, ...unknown } = anEvent();
  log.append(unknown);
  log.append(anEvent({ at: 2000 }));
  expect((await log.boots(WEB01, 1)).map((record) => record.events.length)).toEqual([2]);
});

test('other processes read what was flushed', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const log = new SqlEventLog(temporaryDatabase(path));
  log.append(anEvent());
  await log.flush();
  const other = new SqlEventLog(temporaryDatabase(path));
  expect((await other.boots(WEB01, 10)).length).toBe(1);
});

test('events are written without a read, after the interval', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const log = new SqlEventLog(temporaryDatabase(path), { interval: 20 });
  log.append(anEvent());
  const reader = new SqliteFile(path, { readonly: true });
  await expect.poll(() => reader.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 1 });
  reader.close();
});

test('the newest boots of a MAC are kept, with their events', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const log = new SqlEventLog(temporaryDatabase(path), { bootsPerMac: 3 });
  for (let index = 0; index < 10; index += 1) {
    log.append(anEvent({ id: `b${index}`, at: index }));
    log.append(anEvent({ id: `b${index}`, at: index }));
  }
  expect((await log.boots(WEB01, 100)).map((record) => record.boot)).toEqual(['b9', 'b8', 'b7']);
  const reader = new SqliteFile(path, { readonly: true });
  expect(reader.prepare('SELECT count(*) AS n FROM events').get()).toEqual({ n: 6 });
  reader.close();
});

test('made-up MACs do not fill the disk, and do not push out boots of hosts', async () => {
  const log = aLog({ strangers: 10 });
  log.append(anEvent());
  for (let index = 0; index < 100; index += 1) {
    const { host: _, ...unknown } = anEvent({ id: `s${index}`, at: 2000 + index });
    log.append({ ...unknown, mac: mac(`020000000${(index + 100).toString()}`) });
  }
  await log.flush();
  expect(await log.find('s0' as BootId)).toBeUndefined();
  expect(await log.find('s99' as BootId)).toBeDefined();
  expect(await log.find('boot-1' as BootId)).toBeDefined();
});

test('a full buffer drops new events and says how many', async () => {
  const losses: number[] = [];
  const log = aLog({ capacity: 5, interval: 10_000, onLost: (lost) => losses.push(lost) });
  for (let index = 0; index < 8; index += 1) log.append(anEvent({ at: index }));
  expect((await log.latest(mac()))?.events).toHaveLength(5);
  expect(losses).toEqual([3]);
});

test('a write that fails loses its events, says so, and the next one works', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const losses: number[] = [];
  const log = new SqlEventLog(temporaryDatabase(path), { onLost: (lost) => losses.push(lost) });
  const blocker = new SqliteFile(path);
  blocker.exec("CREATE TRIGGER full BEFORE INSERT ON events BEGIN SELECT RAISE(FAIL, 'disk is full'); END");
  log.append(anEvent());
  await log.flush();
  blocker.exec('DROP TRIGGER full');
  blocker.close();
  log.append(anEvent({ at: 2000 }));
  expect((await log.latest(mac()))?.events.map((event) => event.at)).toEqual([2000]);
  expect(losses).toEqual([1]);
});
