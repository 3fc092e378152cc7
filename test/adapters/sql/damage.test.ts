import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/adapters/sql/database.ts';
import { SqlLeaseStore } from '../../../src/adapters/sql/lease-store.ts';
import { temporaryFolder } from '../../temporary.ts';
import { LEASE_WRITER } from './lease-writer.ts';

const WRITTEN = 2000;
/** So that there are many commits to cut between. */
const MOST_A_COMMIT = '16';

describe('the log of leases, damaged while nobody looked', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'bivouac.db');
  let log = Buffer.alloc(0);
  let used = 0;

  beforeAll(async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', LEASE_WRITER, path, MOST_A_COMMIT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let acks = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      acks += chunk.toString().split('\n').length - 1;
      if (acks >= WRITTEN) child.kill('SIGKILL');
    });
    await once(child, 'close');
    log = readFileSync(`${path}-wal`);
    used = log.findLastIndex((octet) => octet !== 0) + 1;
  });

  /** How many leases are there with this log; they are always the first that were written, none missing between. */
  async function leasesWith(damaged: Buffer): Promise<number> {
    const copy = join(temporaryFolder(), 'bivouac.db');
    copyFileSync(path, copy);
    writeFileSync(`${copy}-wal`, damaged);
    const database = openDatabase(copy);
    try {
      const leases = (await SqlLeaseStore.load(database)).list();
      const indices = leases.map(({ mac }) => Number.parseInt(mac.replaceAll(':', '').slice(6), 16));
      expect(indices.toSorted((a, b) => a - b)).toEqual(indices.map((_, index) => index));
      return leases.length;
    } finally {
      await database.close();
    }
  }

  it('C17: cut anywhere, it loses its end and nothing else', async () => {
    const whole = await leasesWith(log);
    expect(whole).toBeGreaterThanOrEqual(WRITTEN);
    const counts: number[] = [];
    for (let part = 1; part <= 12; part += 1)
      counts.push(await leasesWith(log.subarray(0, Math.floor((used * part) / 13) + part)));
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1)).toBeLessThan(whole);
    expect(new Set(counts).size).toBeGreaterThan(4);
  });

  it('C17: with one wrong octet, it ends before that', async () => {
    for (let part = 1; part <= 12; part += 1) {
      const wrong = Buffer.from(log);
      const at = Math.floor((used * part) / 13) + part;
      wrong.writeUInt8((wrong.readUInt8(at) + 1) & 255, at);
      await leasesWith(wrong);
    }
  });

  it('C17: a folder in its place is a fault with a reason', () => {
    const other = join(temporaryFolder(), 'bivouac.db');
    mkdirSync(other);
    expect(() => openDatabase(other)).toThrow(/bivouac\.db/);
  });
});
