import { expect, it } from 'vitest';
import { loadLibc } from '../../../src/servers/libc/libc.ts';
import { bench } from './bench.ts';

it('chooses an engine and tells of it', async () => {
  const { log, server } = await bench();
  expect(server.engine).toBe((await loadLibc()).ok ? 'batch' : 'dgram');
  expect(log.of('info')).toEqual(['TFTP engine started']);
  expect(log.lines[0]?.fields).toMatchObject({ engine: server.engine });
});

it('says why it uses the engine that works everywhere', async () => {
  const { log } = await bench({ engine: 'dgram' });
  expect(log.lines[0]?.fields).toEqual({ engine: 'dgram', why: 'as configured' });
});
