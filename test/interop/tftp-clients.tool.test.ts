import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { TestNetwork } from './network.ts';

const ADDRESS = '10.77.0.1';

/** Files by the rows that they are for: E7 (empty, whole blocks), E8 (more than 65535 blocks of 512). */
const SIZES = { empty: 0, short: 700, one: 1468, whole: 14_680, large: 3_000_001, 'rolls-over': 34_000_000 };

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(parseChunk(chunk));
  return hash.digest('hex');
}

function parseChunk(chunk: unknown): Buffer {
  return chunk as Buffer;
}

const ENGINES = [
  ['batch', 'single'],
  ['batch', 'per-transfer'],
  ['dgram', 'single'],
  ['dgram', 'per-transfer'],
] as const;

describeWith(['root', 'ip', 'busybox', 'tftp', 'atftp', 'curl'], 'real TFTP clients', () => {
  const network = new TestNetwork();
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-tftp-'));
  const nbps = join(folder, 'nbp');
  const fetched = join(folder, 'fetched');

  beforeAll(() => {
    network.up();
    network.assign('10.77.0.11');
    mkdirSync(nbps);
    for (const [name, size] of Object.entries(SIZES)) writeFileSync(join(nbps, name), randomBytes(size));
    writeFileSync(join(nbps, 'text'), 'one\ntwo\rthree\r\n'.repeat(500));
  });

  afterAll(() => {
    network.down();
    rmSync(folder, { recursive: true });
  });

  /** Fetch by a program's arguments; whether what arrived is the file. */
  const fetch = async (name: string, argv: readonly string[]): Promise<boolean> => {
    rmSync(fetched, { force: true });
    const [program = '', ...args] = argv;
    await network.inClient(program, ...args);
    if (!existsSync(fetched)) return SIZES.empty === 0 && name === 'empty';
    return (await sha256(fetched)) === (await sha256(join(nbps, name)));
  };

  const tftp = (name: string, mode = 'binary') => ['tftp', '-m', mode, ADDRESS, '-c', 'get', name, fetched];
  const atftp = (name: string, ...options: readonly string[]) => {
    return [
      'atftp',
      ...options.flatMap((each) => ['--option', each]),
      '-g',
      '-r',
      name,
      '-l',
      fetched,
      ADDRESS,
    ];
  };
  const curl = (name: string, size: number) => {
    return ['curl', '-sS', '--tftp-blksize', String(size), '-o', fetched, `tftp://${ADDRESS}/${name}`];
  };
  const busybox = (name: string, size: number) => {
    return ['busybox', 'tftp', '-b', String(size), '-g', '-r', name, '-l', fetched, ADDRESS];
  };

  describe.each(ENGINES)('engine %s, ports %s', (engine, ports) => {
    let server: Awaited<ReturnType<TestNetwork['serve']>>;

    beforeAll(async () => {
      server = await network.serve([nbps, '52:54:00:77:00:05=10.77.0.11'], {
        TFTP_ENGINE: engine,
        TFTP_PORTS: ports,
      });
      expect(server.log()).toContain(`"engine":"${engine}"`);
    });

    afterAll(async () => {
      await server.stop();
    });

    it.each(['empty', 'short', 'one', 'whole', 'large'])(
      'E7: every client fetches "%s" byte for byte',
      async (name) => {
        expect(await fetch(name, tftp(name))).toBe(true);
        expect(await fetch(name, atftp(name))).toBe(true);
        expect(await fetch(name, atftp(name, 'blksize 1468', 'tsize 0'))).toBe(true);
        // curl takes a size of 0 in the OACK for a fault.
        if (name !== 'empty') {
          expect(await fetch(name, curl(name, 1468))).toBe(true);
          expect(await fetch(name, curl(name, 65_464))).toBe(true);
        }
        expect(await fetch(name, busybox(name, 1468))).toBe(true);
      },
    );

    it('RFC 7440: atftp fetches by windows', async () => {
      for (const size of [2, 16, 64]) {
        expect(await fetch('large', atftp('large', 'blksize 1468', `windowsize ${size}`))).toBe(true);
      }
    });

    it('E8: a file of more than 65535 blocks', async () => {
      expect(await fetch('rolls-over', curl('rolls-over', 512))).toBe(true);
      expect(await fetch('rolls-over', atftp('rolls-over', 'blksize 512', 'windowsize 32'))).toBe(true);
    });

    it('RFC 1350 section 1: tftp-hpa gets text in mode netascii as it was', async () => {
      await network.inClient(...parseArgv(tftp('text', 'ascii')));
      expect(readFileSync(fetched).equals(readFileSync(join(nbps, 'text')))).toBe(true);
    });

    it('a link of MTU 1280 takes blocks of 1468 in fragments', async () => {
      network.mtu(1280);
      expect(await fetch('large', atftp('large', 'blksize 1468', 'windowsize 16'))).toBe(true);
      expect(await fetch('large', curl('large', 1468))).toBe(true);
      network.mtu(1500);
      expect(await fetch('large', atftp('large', 'blksize 1468', 'windowsize 16'))).toBe(true);
    });

    it('E11: others are served while the port of a client that is gone is unreachable', async () => {
      const killed = ['timeout', '-s', 'KILL', '0.3', ...atftp('rolls-over', 'blksize 512')];
      await network.inClient(...parseArgv(killed)).catch(() => undefined);
      expect(await fetch('large', curl('large', 1468))).toBe(true);
    });
  });
});

function parseArgv(argv: readonly string[]): readonly [string, ...string[]] {
  return argv as readonly [string, ...string[]];
}
