import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { SqlLeaseStore } from '../../../src/adapters/sql/lease-store.ts';
import { parseMac } from '../../../src/core/address.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';
import { LEASE_WRITER } from './lease-writer.ts';

test('kill -9 at any time loses no acknowledged lease', async () => {
  for (const acknowledged of [1, 50, 500]) {
    const path = join(temporaryFolder(), 'bivouac.db');
    const child = spawn(process.execPath, ['--input-type=module', '-e', LEASE_WRITER, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const acks: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acks.push(line);
      if (acks.length === acknowledged) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
    const store = await SqlLeaseStore.load(temporaryDatabase(path));
    // The pipe may end in the middle of a line.
    const promised = acks.flatMap((line) => parseMac(line) ?? []);
    expect(promised.length).toBeGreaterThanOrEqual(acknowledged - 1);
    expect(promised.filter((mac) => store.list().every((lease) => lease.mac !== mac))).toEqual([]);
  }
}, 30_000);
