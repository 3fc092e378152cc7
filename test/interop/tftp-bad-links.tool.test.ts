import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { Namespaces, type Running } from './namespaces.ts';

const LARGE = randomBytes(150_000);
const FILES = { large: LARGE, small: LARGE.subarray(0, 20_000), tiny: LARGE.subarray(0, 6000) } as const;
/** Faults as `bad-cable.program.ts` takes them. */
const LINKS = [
  ['loses 1 %', { loss: 0.01 }, 'large'],
  ['loses 5 %, repeats and swaps', { loss: 0.05, duplicate: 0.05, swap: 0.05 }, 'large'],
  ['loses 20 %', { loss: 0.2 }, 'small'],
  ['takes half a second', { delay: 250 }, 'tiny'],
] as const;

/** Lock-step by a client that repeats a lost ACK at once; windows by the only one that has them. */
function clients(target: string, file: string): readonly (readonly string[])[] {
  const windows = ['--option', 'blksize 1468', '--option', 'windowsize 16', '-g'];
  return [
    ['busybox', 'tftp', '-b', '1468', '-g', '-r', file, '-l', target, '10.77.0.1'],
    ['atftp', ...windows, '-r', file, '-l', target, '10.77.0.1'],
  ];
}

/** Where one packet in five is lost clients give up by themselves now and then; as machines do, they then begin anew. */
async function untilFetched(fetch: () => Promise<unknown>, tries = 5): Promise<void> {
  for (let left = tries; left > 0; left--) {
    const isFetched = await fetch().then(
      () => true,
      (error: unknown) => {
        if (left === 1) throw error;
        return false;
      },
    );
    if (isFetched) return;
  }
}

describeWith(['root', 'ip', 'busybox', 'atftp', '/dev/net/tun'], 'E10: a transfer over a link that', () => {
  const net = new Namespaces('tftp');
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-tftp-'));
  let server = '';
  let client = '';
  let cable: Running;

  const program = (name: string): string => new URL(name, import.meta.url).pathname;

  beforeAll(async () => {
    server = net.add('s');
    client = net.add('c');
    mkdirSync(join(folder, 'nbp'));
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, 'nbp', name), content);
    cable = net.start(server, process.execPath, program('bad-cable.program.ts'), server, client);
    await cable.said('ready');
    for (const [space, address] of [
      [server, '10.77.0.1/24'],
      [client, '10.77.0.11/24'],
    ] as const) {
      net.ip(space, 'addr', 'add', address, 'dev', 'net0');
      net.ip(space, 'link', 'set', 'net0', 'up');
    }
  });

  afterAll(async () => {
    await net.down();
    rmSync(folder, { recursive: true });
  });

  describe.each(['batch', 'dgram'])('engine %s', (engine) => {
    let plane: Running;

    beforeAll(async () => {
      const argv = [
        process.execPath,
        program('boot-plane.ts'),
        join(folder, 'nbp'),
        '52:54:00:77:00:05=10.77.0.11',
      ];
      plane = net.start(server, 'env', `TFTP_ENGINE=${engine}`, ...argv);
      await plane.said('"ready"');
      expect(plane.output()).toContain(`"engine":"${engine}"`);
    });

    afterAll(() => plane.stop());

    it.each(LINKS)('%s', { timeout: 60_000 }, async (_name, faults, file) => {
      const line = JSON.stringify(faults);
      cable.write(line);
      await cable.said(`now ${line}`);
      const target = join(folder, 'fetched');
      for (const argv of clients(target, file)) {
        await untilFetched(() => net.run(client, ...argv));
        expect(readFileSync(target).equals(FILES[file])).toBe(true);
      }
    });
  });
});
