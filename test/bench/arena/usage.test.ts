import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isListening, parseSockets, parseStat, treeOf, usageOf } from './usage.ts';

test('parseStat() reads past a name that looks like fields', () => {
  const text = '42 (a) S 1 (b) S 7 42 42 0 -1 4194560 99 0 0 0 110 20 3 4 20 0 11 0 1000 1 2\n';
  expect(parseStat(text)).toEqual({ pid: 42, parent: 7, cpuSeconds: 1.37 });
});

test('treeOf() has children of children, and nobody else', () => {
  const stat = (pid: number, parent: number) => ({ pid, parent, cpuSeconds: 1 });
  const stats = [stat(1, 0), stat(2, 1), stat(3, 2), stat(4, 3), stat(5, 1), stat(6, 2)];
  expect(treeOf(2, stats).map(({ pid }) => pid)).toEqual([2, 3, 4, 6]);
  expect(treeOf(9, stats)).toEqual([]);
});

test('usageOf() of this process is some CPU and some memory', () => {
  const { cpuSeconds, peakBytes } = usageOf(process.pid);
  expect(cpuSeconds).toBeGreaterThan(0);
  expect(peakBytes).toBeGreaterThan(10 * 1024 * 1024);
});

test('parseSockets() reads ports, and tells who listens', () => {
  const text = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1',
    '  10: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 2 1',
  ].join('\n');
  expect(parseSockets(text)).toEqual([
    { port: 80, state: 'listen' },
    { port: 8080, state: 'other' },
  ]);
});

test('isListening() sees a port while it is open', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('No address'));
    });
  });
  expect(isListening(process.pid, { protocol: 'tcp', port })).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(isListening(process.pid, { protocol: 'tcp', port })).toBe(false);
});
