import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { SqlLeaseStore } from '../../../src/adapters/sql/lease-store.ts';
import { parseMac } from '../../../src/core/address.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

const SOURCE = new URL('../../../src/', import.meta.url).href;

const WRITER = `
  const { openDatabase } = await import('${SOURCE}adapters/sql/database.ts');
  const { SqlLeaseStore } = await import('${SOURCE}adapters/sql/lease-store.ts');
  const store = await SqlLeaseStore.load(openDatabase(process.argv[1]));
  for (let index = 0; ; index += 1) {
    const tail = index.toString(16).padStart(6, '0').match(/../g);
    const mac = ['52', '54', '00', ...tail].join(':');
    const address = '10.' + tail.map((pair) => Number.parseInt(pair, 16)).join('.');
    void store.commit({ mac, address, expiresAt: 1, state: 'bound' }, { network: '10.0.0.0', prefix: 8 }).then(() => console.log(mac));
    if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
`;

test('kill -9 at any time loses no acknowledged lease', async () => {
  for (const acknowledged of [1, 50, 500]) {
    const path = join(temporaryFolder(), 'bivouac.db');
    const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, path], {
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
