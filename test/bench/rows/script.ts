import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT_ADDRESS, SERVER_ADDRESS } from '../arena/arena.ts';
import type { Bench } from '../arena/bench.ts';
import { KNOWN_HOST } from '../arena/bench-site.ts';
import type { Toolbox } from '../arena/toolbox.ts';
import { atLeast, type BenchCase } from '../harness.ts';
import { bivouac } from '../peers/bivouac.ts';
import { nginx } from '../peers/nginx.ts';
import { SCRIPT } from '../peers/peer.ts';
import { figuresOf, ratioTo } from './comparison.ts';
import { printedJson } from './load.ts';

const SCRIPT_PATH = `/boot/script/${KNOWN_HOST.mac.replaceAll(':', '-')}`;
const SIZE = { least: 10_000, most: 11_500 };

/** Boot scripts of a host with a lease, over the cable, against a file of the same size. */
export function scriptCase(tools: Toolbox, bench: () => Bench): BenchCase {
  const name = 'http-script';
  const work = 'HTTP, boot script of 10 KB, 64 connections kept alive, 5 s; against a file from nginx';
  const why = tools.missing('wrk', 'nginx', 'dhcpload');
  return {
    rows: [{ name, unit: 'ratio', bar: atLeast(0.4), work, figuresUnit: 'requests/s' }],
    ...(why === undefined ? {} : { skip: why }),
    // Bivouac is first in every round: the file has the size of its script.
    measure: async () => {
      const rates = {
        bivouac: await bench().withServer(bivouac(bench().site), () => measureBivouac(bench())),
        nginx: await bench().withServer(nginx, () => requestRate(bench(), `/${SCRIPT}`)),
      };
      return {
        [name]: ratioTo(
          'nginx',
          figuresOf(rates, (rate) => rate),
        ),
      };
    },
  };
}

async function measureBivouac(bench: Bench): Promise<number> {
  await leaseKnownHost(bench);
  return bench.arena.speakingFrom(KNOWN_HOST.address, async () => {
    const argv = ['curl', '--silent', '--show-error', '--fail', urlOf(SCRIPT_PATH)] as const;
    const script = await bench.arena.run(argv);
    if (script.length < SIZE.least || script.length > SIZE.most)
      throw new Error(`Expected a script of 10 KB, got ${script.length} bytes: ${script.slice(0, 200)}`);
    writeFileSync(join(bench.site.files.http, SCRIPT), `${script}\n`);
    return requestRate(bench, SCRIPT_PATH);
  });
}

/** The load client's MAC of this number is the known host's. */
async function leaseKnownHost({ arena, tools }: Bench): Promise<void> {
  const text = await arena.run([
    tools.get('dhcpload').path,
    ...[
      '-s',
      SERVER_ADDRESS,
      '-g',
      CLIENT_ADDRESS,
      '-n',
      '1',
      '-o',
      `${KNOWN_HOST.number}`,
      '-p',
      '-D',
      '10',
    ],
  ]);
  if (printedJson(text).number('done') !== 1) throw new Error(`The known host got no lease: ${text}`);
}

async function requestRate({ arena, tools }: Bench, path: string): Promise<number> {
  const wrk = (seconds: number) =>
    arena.run([tools.get('wrk').path, '-t', '1', '-c', '64', '-d', `${seconds}`, urlOf(path)]);
  await wrk(1);
  return wrkRate(await wrk(5));
}

function urlOf(path: string): string {
  return `http://${SERVER_ADDRESS}${path}`;
}

/** Requests a second of what `wrk` printed; throws when a request failed. */
export function wrkRate(text: string): number {
  const rate = Number(/^Requests\/sec:\s+([0-9.]+)$/m.exec(text)?.[1]);
  const failed = /^\s*(Non-2xx or 3xx responses: \d+|Socket errors: .*)$/m.exec(text)?.[1];
  if (Number.isNaN(rate) || failed !== undefined) throw new Error(`wrk: ${failed ?? text.slice(-300)}`);
  return rate;
}
