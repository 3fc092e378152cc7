import { CLIENT_ADDRESS, SERVER_ADDRESS } from '../arena/arena.ts';
import type { Bench } from '../arena/bench.ts';
import type { Toolbox } from '../arena/toolbox.ts';
import { atLeast, atMost, type BenchCase } from '../harness.ts';
import { bivouac } from '../peers/bivouac.ts';
import { dnsmasqDhcp } from '../peers/dnsmasq.ts';
import { kea } from '../peers/kea.ts';
import type { Peer } from '../peers/peer.ts';
import { figuresOf, ratioTo } from './comparison.ts';
import { perfdhcpCounts, printedJson } from './load.ts';

interface DhcpResult {
  readonly exchangesPerSecond: number;
  readonly done: number;
}

const SIZES = [1000, 5000, 20_000] as const;
/** Clients that wait for an answer at any time. */
const OUTSTANDING = 64;
/** Time for the slowest, which need not come to the end. */
const SECONDS = 12;
/** MACs of these clients begin here, above that of the known host. */
const FIRST_CLIENT = 1_000_000;
const PERFDHCP = { rate: 1000, seconds: 10 };

/** The rows of DHCP: whole exchanges through a relay agent, PXE options and all, every lease new. */
export function dhcpCases(tools: Toolbox, bench: () => Bench): readonly BenchCase[] {
  return [exchanges(tools, bench), perfdhcp(tools, bench)];
}

function exchanges(tools: Toolbox, bench: () => Bench): BenchCase {
  const work = 'DHCP, 4 messages, every lease new, through a relay agent';
  const unit = { unit: 'ratio', figuresUnit: 'exchanges/s' } as const;
  const why = tools.missing('dhcpload', 'dnsmasq', 'kea-dhcp4');
  return {
    rows: [
      { ...unit, name: 'dhcp-1000', bar: atLeast(10), work: `${work}, 1000 clients; against dnsmasq` },
      {
        ...unit,
        name: 'dhcp-flat',
        bar: atLeast(0.7),
        work: `${work}: slowest of 5000 and 20 000 clients by 1000`,
      },
      ...SIZES.map((size) => ({
        ...unit,
        name: `dhcp-kea-${size}`,
        bar: atLeast(0.5),
        work: `${work}, ${size} clients; against Kea (2 threads, leases in memory and in a file)`,
      })),
    ],
    ...(why === undefined ? {} : { skip: why }),
    measure: async (round) => {
      const peers = [bivouac(bench().site), kea];
      const rates = new Map<number, Readonly<Record<string, number>>>();
      for (const size of SIZES) {
        const more = size > 5000 ? [] : [dnsmasqDhcp];
        rates.set(size, figuresOf(await dhcpEach(bench(), [...peers, ...more], { round, size }), rateOf));
      }
      const of = (size: number) => rates.get(size) ?? {};
      return {
        'dhcp-1000': ratioTo('dnsmasq', of(1000)),
        'dhcp-5000': ratioTo('dnsmasq', of(5000)),
        'dhcp-flat': flatness(SIZES.map((size) => [size, of(size)['bivouac'] ?? 0])),
        ...Object.fromEntries(SIZES.map((size) => [`dhcp-kea-${size}`, ratioTo('kea', of(size))])),
      };
    },
  };
}

/** The slowest of the others by the first. */
export function flatness(rates: readonly (readonly [size: number, rate: number])[]) {
  const [first, ...others] = rates.map(([, rate]) => rate);
  if (first === undefined || !(first > 0)) throw new Error('Nothing to compare with');
  const figures = Object.fromEntries(rates.map(([size, rate]) => [`${size} clients`, rate]));
  return { value: Math.min(...others) / first, figures };
}

async function dhcpEach(
  bench: Bench,
  peers: readonly Peer[],
  { round, size }: { readonly round: number; readonly size: number },
): Promise<Readonly<Record<string, DhcpResult>>> {
  return bench.withEach(peers, round, async (server) => {
    const result = await dhcpLoad(bench, size);
    // dnsmasq may not come to the end in time; its rate is what it is.
    if (server.name !== 'dnsmasq' && result.done < size)
      throw new Error(`${server.name} gave ${result.done} leases of ${size}`);
    return result;
  });
}

async function dhcpLoad({ arena, tools }: Bench, clients: number): Promise<DhcpResult> {
  const text = await arena.run([
    tools.get('dhcpload').path,
    ...['-s', SERVER_ADDRESS, '-g', CLIENT_ADDRESS, '-p', '-o', `${FIRST_CLIENT}`],
    ...['-n', `${clients}`, '-w', `${OUTSTANDING}`, '-D', `${SECONDS}`],
  ]);
  const result = printedJson(text);
  const twice = result.number('dup_addr');
  if (twice > 0) throw new Error(`${twice} addresses were given twice`);
  return { exchangesPerSecond: result.number('xps'), done: result.number('done') };
}

function rateOf({ exchangesPerSecond }: DhcpResult): number {
  return exchangesPerSecond;
}

/** perfdhcp is a relay agent too: it sends from its own address, port 67. */
function perfdhcp(tools: Toolbox, bench: () => Bench): BenchCase {
  const { rate, seconds } = PERFDHCP;
  const name = `perfdhcp-${rate}`;
  const work = `DHCP, perfdhcp, ${rate} new exchanges a second for ${seconds} s: answers that did not come`;
  const why = tools.missing('perfdhcp');
  return {
    rows: [{ name, unit: 'drops', bar: atMost(0), work, figuresUnit: 'answers' }],
    ...(why === undefined ? {} : { skip: why }),
    measure: async () =>
      bench().withServer(bivouac(bench().site), async () => {
        const text = await bench().arena.run([
          tools.get('perfdhcp').path,
          ...['-4', '-r', `${rate}`, '-R', `${rate * seconds * 2}`, '-p', `${seconds}`, '-W', '1000000'],
          ...['-l', CLIENT_ADDRESS, SERVER_ADDRESS],
        ]);
        const { begun, sent, received, drops } = perfdhcpCounts(text);
        // Fewer mean that it did not get to its rate, whatever the server did.
        if (begun < rate * seconds * 0.9) throw new Error(`perfdhcp began ${begun} exchanges only`);
        return { [name]: { value: drops, figures: { asked: sent, answered: received } } };
      }),
  };
}
