import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { TestNetwork } from './network.ts';

// Half a minute each; what clients see meanwhile is in tftp-clients.tool.test.ts.
describeWith(['root', 'ip', 'atftp'], 'E11: a TFTP client that is gone', () => {
  const network = new TestNetwork();
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-tftp-'));

  beforeAll(() => {
    network.up();
    network.assign('10.77.0.11');
    writeFileSync(join(folder, 'large'), Buffer.alloc(34_000_000, 'x'));
  });

  afterAll(() => {
    network.down();
    rmSync(folder, { recursive: true });
  });

  it.each(['batch', 'dgram'])('is given up by engine %s, and the log says why', async (engine) => {
    const arguments_ = [folder, '52:54:00:77:00:05=10.77.0.11'];
    const server = await network.serve(arguments_, { TFTP_ENGINE: engine, TFTP_PORTS: 'single' });
    try {
      const fetch = ['--option', 'blksize 512', '-g', '-r', 'large', '-l', join(folder, 'got'), '10.77.0.1'];
      const killed = network.inClient('timeout', '-s', 'KILL', '0.3', 'atftp', ...fetch);
      await killed.catch(() => undefined);
      const log = (): string => server.log();
      await expect.poll(log, { timeout: 90_000, interval: 500 }).toContain('the client has gone silent');
    } finally {
      await server.stop();
    }
  });
});
