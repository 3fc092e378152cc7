import { type RunningServer, SERVER_ADDRESS } from '../arena/arena.ts';
import type { Bench } from '../arena/bench.ts';
import type { Toolbox } from '../arena/toolbox.ts';
import { atLeast, atMost, type BenchCase } from '../harness.ts';
import { bivouac } from '../peers/bivouac.ts';
import { dnsmasqTftp } from '../peers/dnsmasq.ts';
import { NBP, type Peer, SMALL_NBP } from '../peers/peer.ts';
import { atftpd, tftpdHpa } from '../peers/tftpd.ts';
import { figuresOf, ratioTo } from './comparison.ts';
import { type Load, printedJson } from './load.ts';

/** What `tftpload` is to do. */
interface TftpLoad {
  readonly file: string;
  readonly clients: number;
  readonly transfers: number;
  readonly windowsize?: number;
  /** DATA and ACK packets that the client drops, of a thousand. */
  readonly loss?: readonly [data: number, ack: number];
  /** No transfer is begun after this. */
  readonly seconds: number;
}

interface TftpResult {
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
  readonly failed: number;
}

const LOCKSTEP: TftpLoad = { file: NBP, clients: 128, transfers: 768, seconds: 10 };
const CROWD: TftpLoad = { file: NBP, clients: 512, transfers: 1024, seconds: 20 };
const WINDOW: TftpLoad = { file: NBP, clients: 128, transfers: 1536, windowsize: 16, seconds: 8 };
const LOSS: TftpLoad = { file: SMALL_NBP, clients: 16, transfers: 48, loss: [10, 2], seconds: 40 };

/** The rows of TFTP. Every transfer is compared with the file by its checksum. */
export function tftpCases(tools: Toolbox, bench: () => Bench): readonly BenchCase[] {
  return [lockstep(tools, bench), crowd(tools, bench), windowed(tools, bench), lossy(tools, bench)];
}

function lockstep(tools: Toolbox, bench: () => Bench): BenchCase {
  const name = 'tftp-lockstep-128';
  const work = 'TFTP, 128 clients, 768 x 1 MiB, blksize 1468, lock-step; against dnsmasq';
  // The slower one is shown beside them; nothing is said of it.
  const beside = tools.has('in.tftpd') ? [tftpdHpa] : [];
  return {
    rows: [
      { name, unit: 'ratio', bar: atLeast(1.1), work, figuresUnit: 'MB/s' },
      { name: `${name}-cpu`, unit: 'ratio', bar: atMost(0.9), work, figuresUnit: 'CPU s/GB' },
    ],
    ...skipUnless(tools, 'tftpload', 'dnsmasq'),
    measure: async (round) => {
      const peers = [bivouac(bench().site), dnsmasqTftp, ...beside];
      const each = await measureEach(bench(), peers, { round, load: LOCKSTEP });
      // The kernel keeps no times of tftpd-hpa's children: it ignores SIGCHLD.
      const counted = Object.fromEntries(Object.entries(each).filter(([peer]) => peer !== tftpdHpa.name));
      return {
        [name]: ratioTo('dnsmasq', figuresOf(each, rateOf)),
        [`${name}-cpu`]: ratioTo(
          'dnsmasq',
          figuresOf(counted, ({ cpuSecondsPerGigabyte }) => cpuSecondsPerGigabyte),
        ),
      };
    },
  };
}

function crowd(tools: Toolbox, bench: () => Bench): BenchCase {
  const name = 'tftp-lockstep-512-failures';
  const work = 'TFTP, 512 clients, 1024 x 1 MiB, blksize 1468, lock-step: failed transfers';
  return {
    rows: [{ name, unit: 'failures', bar: atMost(0), work, figuresUnit: 'MB/s' }],
    ...skipUnless(tools, 'tftpload'),
    measure: async () => {
      const ours = await bench().withServer(bivouac(bench().site), (server) =>
        tftpLoad(bench(), server, CROWD),
      );
      return { [name]: { value: ours.failed, figures: { bivouac: ours.megabytesPerSecond } } };
    },
  };
}

function windowed(tools: Toolbox, bench: () => Bench): BenchCase {
  const work = 'TFTP, 128 clients, 1536 x 1 MiB, blksize 1468, windowsize 16';
  const head = { unit: 'ratio', figuresUnit: 'MB/s' } as const;
  const [toAtftpd, toDnsmasq] = ['tftp-window-128-atftpd', 'tftp-window-128-dnsmasq'];
  return {
    rows: [
      { ...head, name: toAtftpd, bar: atLeast(2), work: `${work}; against atftpd` },
      { ...head, name: toDnsmasq, bar: atLeast(4), work: `${work}, which dnsmasq lacks; against it` },
    ],
    ...skipUnless(tools, 'tftpload', 'dnsmasq', 'atftpd'),
    measure: async (round) => {
      const peers = [bivouac(bench().site), atftpd, dnsmasqTftp];
      const figures = figuresOf(await measureEach(bench(), peers, { round, load: WINDOW }), rateOf);
      return { [toAtftpd]: ratioTo('atftpd', figures), [toDnsmasq]: ratioTo('dnsmasq', figures) };
    },
  };
}

function lossy(tools: Toolbox, bench: () => Bench): BenchCase {
  const work = 'TFTP, 16 clients, 48 x 256 KiB, lock-step, 1 % of DATA and 0.2 % of ACK lost';
  const [failures, speed] = ['tftp-loss-failures', 'tftp-loss'];
  return {
    rows: [
      {
        name: failures,
        unit: 'failures',
        bar: atMost(0),
        work: `${work}: failed transfers`,
        figuresUnit: 'failures',
      },
      { name: speed, unit: 'ratio', bar: atLeast(4), work: `${work}; against dnsmasq`, figuresUnit: 'MB/s' },
    ],
    ...skipUnless(tools, 'tftpload', 'dnsmasq'),
    measure: async (round) => {
      const peers = [bivouac(bench().site), dnsmasqTftp];
      const each = await bench().withEach(peers, round, (server) => tftpLoad(bench(), server, LOSS));
      const failed = figuresOf(each, (one) => one.failed);
      return {
        [failures]: { value: failed['bivouac'] ?? Number.NaN, figures: failed },
        [speed]: ratioTo('dnsmasq', figuresOf(each, rateOf)),
      };
    },
  };
}

function skipUnless(tools: Toolbox, ...names: readonly string[]): { readonly skip?: string } {
  const why = tools.missing(...names);
  return why === undefined ? {} : { skip: why };
}

/** All servers with the same load. A transfer that fails where nothing was lost makes speed say nothing. */
async function measureEach(
  bench: Bench,
  peers: readonly Peer[],
  { round, load }: { readonly round: number; readonly load: TftpLoad },
): Promise<Readonly<Record<string, TftpResult>>> {
  const each = await bench.withEach(peers, round, async (server) => {
    // What is loaded at the first request is loaded by then.
    await tftpLoad(bench, server, { ...load, transfers: load.clients });
    return tftpLoad(bench, server, load);
  });
  const failed = each['bivouac']?.failed ?? 0;
  if (failed > 0) throw new Error(`${failed} transfers from bivouac failed`);
  return each;
}

async function tftpLoad(bench: Bench, server: RunningServer, load: TftpLoad): Promise<TftpResult> {
  const { file, clients, transfers, windowsize, loss, seconds } = load;
  const before = server.usage().cpuSeconds;
  const argv = [
    bench.tools.get('tftpload').path,
    ...['-h', SERVER_ADDRESS, '-f', file, '-r', `${bench.site.files.tftp}/${file}`, '-s', '-b', '1468'],
    ...['-c', `${clients}`, '-n', `${transfers}`, '-D', `${seconds}`],
    ...(windowsize === undefined ? [] : ['-w', `${windowsize}`]),
    ...(loss === undefined ? [] : ['-d', `${loss[0]}`, '-a', `${loss[1]}`]),
  ] as const;
  const text = await bench.arena.run(argv, 'server');
  const result = printedJson(text);
  return tftpResult(result, server.usage().cpuSeconds - before);
}

function tftpResult(result: Load, cpuSeconds: number): TftpResult {
  return {
    megabytesPerSecond: result.number('MBps'),
    cpuSecondsPerGigabyte: cpuSeconds / (result.number('bytes') / 1e9),
    failed: result.number('failed'),
  };
}

function rateOf({ megabytesPerSecond }: TftpResult): number {
  return megabytesPerSecond;
}
