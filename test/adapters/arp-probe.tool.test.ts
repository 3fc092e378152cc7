import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CLIENT_MAC, TestNetwork } from '../interop/network.ts';
import { describeWith } from '../requirements.ts';

const PROGRAM = join(import.meta.dirname, 'arp-probe.program.ts');
const run = promisify(execFile);

describeWith(['root', 'ip'], 'the ARP probe on a real link', () => {
  const network = new TestNetwork();

  beforeAll(() => {
    network.up();
    network.assign('10.77.0.100');
  });
  afterAll(() => network.down());

  const ask = async (...addresses: readonly string[]): Promise<unknown> => {
    const argv = ['netns', 'exec', network.server, process.execPath, PROGRAM, '10.77.0.1', ...addresses];
    return JSON.parse((await run('ip', argv)).stdout);
  };

  test('C11: finds the machine that has the address, and nobody at free ones', async () => {
    expect(await ask('10.77.0.100', '10.77.0.101', '10.77.0.102')).toEqual([CLIENT_MAC, null, null]);
  });

  test('believes no entry of a machine that has left, and finds the one that stays', async () => {
    const stale = ['lladdr', '52:54:00:99:99:99', 'nud', 'stale', 'dev', 'net0'];
    for (const address of ['10.77.0.100', '10.77.0.103'])
      execFileSync('ip', ['-n', network.server, 'neigh', 'replace', address, ...stale]);
    expect(await ask('10.77.0.100', '10.77.0.103')).toEqual([CLIENT_MAC, null]);
  });
});
