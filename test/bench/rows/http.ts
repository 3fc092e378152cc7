import { type RunningServer, SERVER_ADDRESS } from '../arena/arena.ts';
import type { Bench } from '../arena/bench.ts';
import { MEMORY_LIMIT_MIB } from '../arena/bench-site.ts';
import type { Toolbox } from '../arena/toolbox.ts';
import { atLeast, atMost, type BenchCase } from '../harness.ts';
import { bivouac } from '../peers/bivouac.ts';
import { nginx } from '../peers/nginx.ts';
import { LARGE } from '../peers/peer.ts';
import { figuresOf, ratioTo } from './comparison.ts';
import { printedJson } from './load.ts';

/** A load of large transfers. */
interface HttpLoad {
  readonly connections: number;
  readonly requests: number;
  /** Bytes of each request, from the start of the file; the whole file without. */
  readonly range?: number;
}

interface HttpResult {
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
  readonly peakMiB: number;
  readonly failed: number;
}

const LOADS: readonly HttpLoad[] = [
  { connections: 16, requests: 32 },
  { connections: 64, requests: 192, range: 50_000_000 },
  { connections: 256, requests: 512, range: 20_000_000 },
];
/** No request is begun after this. */
const SECONDS = 15;

/** The rows of large transfers by HTTP. */
export function httpCases(tools: Toolbox, bench: () => Bench): readonly BenchCase[] {
  return LOADS.map((load) => largeCase(load, tools, bench));
}

function largeCase(load: HttpLoad, tools: Toolbox, bench: () => Bench): BenchCase {
  const { connections, requests, range } = load;
  const name = `http-300mb-${connections}`;
  const each = range === undefined ? 'whole' : `ranges of ${range / 1e6} MB`;
  const work = `HTTP, a file of 300 MB, ${connections} connections, ${requests} requests, ${each}`;
  const why = tools.missing('httpload', 'nginx');
  const limit = `resident memory of bivouac, limit ${MEMORY_LIMIT_MIB} MiB`;
  return {
    rows: [
      {
        name,
        unit: 'ratio',
        bar: atLeast(0.9),
        work: `${work}; against nginx (sendfile)`,
        figuresUnit: 'MB/s',
      },
      {
        name: `${name}-cpu`,
        unit: 'ratio',
        bar: atMost(2),
        work: `${work}; against nginx`,
        figuresUnit: 'CPU s/GB',
      },
      {
        name: `${name}-rss`,
        unit: 'MiB',
        bar: atMost(MEMORY_LIMIT_MIB),
        work: `${work}: ${limit}`,
        figuresUnit: 'MiB',
      },
    ],
    ...(why === undefined ? {} : { skip: why }),
    measure: async (round) => {
      const peers = [bivouac(bench().site), nginx];
      const results = await bench().withEach(peers, round, (server) =>
        warmThenMeasure(bench(), server, load),
      );
      const memory = figuresOf(results, ({ peakMiB }) => peakMiB);
      return {
        [name]: ratioTo(
          'nginx',
          figuresOf(results, ({ megabytesPerSecond }) => megabytesPerSecond),
        ),
        [`${name}-cpu`]: ratioTo(
          'nginx',
          figuresOf(results, ({ cpuSecondsPerGigabyte }) => cpuSecondsPerGigabyte),
        ),
        [`${name}-rss`]: { value: memory['bivouac'] ?? Number.NaN, figures: memory },
      };
    },
  };
}

async function warmThenMeasure(bench: Bench, server: RunningServer, load: HttpLoad): Promise<HttpResult> {
  await httpLoad(bench, server, { connections: 4, requests: 8 });
  const result = await httpLoad(bench, server, load);
  if (result.failed > 0) throw new Error(`${result.failed} requests to ${server.name} failed`);
  return result;
}

async function httpLoad(bench: Bench, server: RunningServer, load: HttpLoad): Promise<HttpResult> {
  const { connections, requests, range } = load;
  const url = server.name === 'bivouac' ? bench.site.files.largePath : `/${LARGE}`;
  const before = server.usage().cpuSeconds;
  const argv = [
    bench.tools.get('httpload').path,
    ...[
      '-h',
      SERVER_ADDRESS,
      '-u',
      url,
      '-c',
      `${connections}`,
      '-n',
      `${requests}`,
      '-D',
      `${SECONDS}`,
      '-k',
    ],
    ...(range === undefined ? [] : ['-r', `0-${range - 1}`]),
  ] as const;
  const text = await bench.arena.run(argv, 'server');
  const { cpuSeconds, peakBytes } = server.usage();
  const result = printedJson(text);
  return {
    megabytesPerSecond: result.number('MBps'),
    cpuSecondsPerGigabyte: (cpuSeconds - before) / (result.number('bytes') / 1e9),
    peakMiB: peakBytes / 1024 / 1024,
    failed: result.number('failed'),
  };
}
