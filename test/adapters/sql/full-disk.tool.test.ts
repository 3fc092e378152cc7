import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SqlLeaseStore } from '../../../src/adapters/sql/lease-store.ts';
import { parseMac } from '../../../src/core/address.ts';
import { describeWith } from '../../requirements.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

const SOURCE = new URL('../../../src/', import.meta.url).href;

/** Takes leases until one cannot be written, makes room, and takes one more. Prints the MACs of those on disk, and what was said. */
const PROGRAM = `
  const { rmSync, writeFileSync } = await import('node:fs');
  const { openDatabase } = await import('${SOURCE}adapters/sql/database.ts');
  const { SqlLeaseStore } = await import('${SOURCE}adapters/sql/lease-store.ts');
  const folder = process.argv[1];
  const database = openDatabase(folder + '/bivouac.db');
  const store = await SqlLeaseStore.load(database);
  let index = 0;
  const take = async () => {
    const tail = (index += 1).toString(16).padStart(6, '0').match(/../g);
    const mac = ['52', '54', '00', ...tail].join(':');
    const address = '10.' + tail.map((pair) => Number.parseInt(pair, 16)).join('.');
    await store.commit({ mac, address, expiresAt: 1, state: 'bound' }, { network: '10.0.0.0', prefix: 8 });
    console.log(mac);
  };
  await take();
  try { writeFileSync(folder + '/ballast', Buffer.alloc(64 * 1024 * 1024)); } catch (error) { console.log(error.code); }
  let refused;
  while (refused === undefined && index < 500_000)
    for (const each of await Promise.allSettled(Array.from({ length: 50 }, take)))
      if (each.status === 'rejected') refused = each.reason;
  console.log('refused', refused?.code, refused?.message);
  rmSync(folder + '/ballast');
  await take();
  console.log('again', store.list().length);
  await database.close();
`;

describeWith(['root', 'unshare'], 'leases on a disk without room', () => {
  test('C17: what is on disk is told, what is not is refused, and room is used again', async () => {
    const folder = temporaryFolder();
    const shell =
      'mkdir "$1/small" && mount -t tmpfs -o size=12M tmpfs "$1/small" && "$2" --input-type=module -e "$3" "$1/small" && cp "$1/small/bivouac.db" "$1"';
    const argv = ['--mount', 'sh', '-ec', shell, 'sh', folder, process.execPath, PROGRAM];
    const said = execFileSync('unshare', argv, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
    expect(said).toContain('ENOSPC');
    expect(said).toMatch(/^refused storage .*full/m);
    const promised = said.split('\n').flatMap((line) => parseMac(line) ?? []);
    expect(said).toContain(`again ${promised.length}`);
    const store = await SqlLeaseStore.load(temporaryDatabase(join(folder, 'bivouac.db')));
    const there = new Set<string>(store.list().map(({ mac }) => mac));
    expect(promised.filter((mac) => !there.has(mac))).toEqual([]);
    expect(there.size).toBe(promised.length);
  });
});
