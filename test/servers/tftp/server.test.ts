import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibc } from '../../../src/servers/libc/libc.ts';
import { UdpClient } from '../udp-client.ts';
import { bench, CONTENT, contentOf, fetch, next, read } from './bench.ts';

const loaded = await loadLibc();

it('chooses an engine and tells of it', async () => {
  const { log, server } = await bench();
  expect(server.engine).toBe(loaded.ok ? 'batch' : 'dgram');
  expect(log.of('info')).toEqual(['TFTP engine started']);
  expect(log.lines[0]?.fields).toMatchObject({ engine: server.engine });
});

it('says why it uses the engine that works everywhere', async () => {
  const { log } = await bench({ engine: 'dgram' });
  expect(log.lines[0]?.fields).toEqual({ engine: 'dgram', why: 'as configured' });
});

/** The threads that are started from now on. */
function threads(): readonly Worker[] {
  const started: Worker[] = [];
  const note = (worker: Worker): void => void started.push(worker);
  process.on('worker', note);
  onTestFinished(() => void process.off('worker', note));
  return started;
}

describe.skipIf(!loaded.ok)('a thread that fails', () => {
  it('is replaced, its transfers are told of, and others are served on the same port', async () => {
    const workers = threads();
    const { port, log, server } = await bench({ engine: 'batch' });
    const client = await UdpClient.open();
    client.send(read(), port);
    await next(client);
    const ended = workers[0]?.terminate();
    // It is noticed when the system has something for it.
    client.send('', port);
    await ended;
    await expect.poll(() => log.of('error')).toEqual(['TFTP thread failed, its transfers are broken off']);
    expect(log.lines.find(({ level }) => level === 'error')?.fields).toMatchObject({ transfers: 1 });
    const other = await UdpClient.open();
    expect(await contentOf(fetch(other, port))).toEqual(Buffer.from(CONTENT));
    await expect.poll(() => server.active).toBe(0);
    expect([workers.length, server.engine]).toEqual([2, 'batch']);
  });

  it('that fails again and again is given up for the engine that works everywhere', async () => {
    const workers = threads();
    const { port, log, server } = await bench({ engine: 'batch' });
    const client = await UdpClient.open();
    for (let times = 1; times <= 4; times++) {
      await expect.poll(() => workers.length).toBe(times);
      const ended = workers[times - 1]?.terminate();
      client.send('', port);
      await ended;
    }
    await expect.poll(() => server.engine).toBe('dgram');
    expect(log.of('info')).toEqual(['TFTP engine started', 'TFTP engine started']);
    expect(await contentOf(fetch(client, port))).toEqual(Buffer.from(CONTENT));
  });
});

it('stops, even twice', async () => {
  const { server } = await bench();
  await Promise.all([server.stop(), server.stop()]);
  expect(server.engine).toBeUndefined();
});
