import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { backgroundRunner, commandRunner, systemPath } from '../../../src/adapters/command.ts';
import { squashfsArgv } from '../../../src/build/steps/make-squashfs.ts';
import { CommandError } from '../../../src/core/command-error.ts';
import { messageOf } from '../../../src/core/errors.ts';
import { atLeast, atMost, type BenchCase, type BenchRow, type Measured, oneRow } from '../harness.ts';
import { type Load, printedJson } from './load.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PROGRAM = [process.execPath, join(ROOT, 'src/main.ts'), '--json', 'lab', 'storm'] as const;
/** 6 MiB for each host: most of a minute of the link. */
const SIZES = [
  '--kernel-size',
  '1MiB',
  '--initramfs-size',
  '2MiB',
  '--layer-size',
  '1MiB',
  '--link',
  '1gbit',
];
const STORM = ['--hosts', '1000', '--loss', '5', ...SIZES];
const BUSY = ['--hosts', '300', '--loss', '0', ...SIZES];
/** In MiB. */
const GIB = 1024;
/** Fewer have no 99th percentile. */
const LEAST_ANSWERS = 200;

/** Whether this checkout and this machine can make a storm; the reason when not. */
export async function stormProblem(): Promise<string | undefined> {
  try {
    await commandRunner.run([...PROGRAM, '--help'], { environment: environment() });
    return undefined;
  } catch (error) {
    return `no "bivouac lab storm": ${messageOf(error)}`;
  }
}

/** What runs a storm. */
export interface StormOptions {
  /** Why there can be none. */
  readonly problem: string | undefined;
  /** Folder of the bench. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** The rows of the boot storm, and of DHCP in the middle of one. */
export function stormCases(options: StormOptions): readonly BenchCase[] {
  const skip = options.problem === undefined ? {} : { skip: options.problem };
  return [
    { ...skip, ...stormCase(options) },
    { ...skip, ...busyCase(options) },
  ];
}

function stormCase(options: StormOptions): BenchCase {
  const work =
    'bivouac lab storm, 1000 hosts, 6 MiB each over 1 Gbit/s, 5 % loss each way, from DISCOVER to healthy';
  const rows: readonly BenchRow[] = [
    {
      name: 'storm-1000',
      unit: 'percent',
      bar: atLeast(100),
      work: `${work}: completed boots`,
      figuresUnit: 's to healthy',
    },
    { name: 'storm-1000-5xx', unit: 'answers', bar: atMost(0), work: `${work}: answers with status 5xx` },
    { name: 'storm-1000-rss', unit: 'MiB', bar: atMost(GIB), work: `${work}: resident memory of the server` },
  ];
  return { rows, measure: async () => stormMeasured(await storm(STORM, options)) };
}

/** The rows of a storm, out of its report. */
export function stormMeasured(report: Load): Readonly<Record<string, Measured>> {
  const healthy = { p50: report.number('times.healthy.p50'), p99: report.number('times.healthy.p99') };
  return {
    'storm-1000': { value: (report.number('completed') / report.number('hosts')) * 100, figures: healthy },
    'storm-1000-5xx': { value: report.count('httpStatuses.5xx') },
    'storm-1000-rss': { value: report.number('server.peakRssBytes') / 1024 / 1024 },
  };
}

function busyCase(options: StormOptions): BenchCase {
  const work =
    'DHCP answers to clients without loss, during a storm of 300 hosts and while layers are packed';
  const row: BenchRow = { name: 'dhcp-busy-p99', unit: 'ms', bar: atMost(50), work, figuresUnit: 'ms' };
  const measure = () => whilePacking(options, () => storm(BUSY, options));
  return oneRow(row, async () => busyMeasured(await measure()));
}

/** The slowest answers of the probe beside a storm; throws when they are no percentile, because answers were lost. */
export function busyMeasured(report: Load): Measured {
  const [count, lost] = [report.number('dhcpProbe.count'), report.count('dhcpProbe.lost')];
  if (count < LEAST_ANSWERS) throw new Error(`The probe of the storm had ${count} answers only`);
  if (lost > count / 100) throw new Error(`The probe of the storm lost ${lost} of ${count + lost} answers`);
  const figures = { p50: report.number('dhcpProbe.p50'), max: report.number('dhcpProbe.max') };
  return { value: report.number('dhcpProbe.p99'), figures };
}

/** What a build costs a server beside it: to pack a layer, with all processors, again and again. */
async function whilePacking<T>({ folder, signal }: StormOptions, work: () => Promise<T>): Promise<T> {
  mkdirSync(folder, { recursive: true });
  const place = mkdtempSync(join(folder, 'packing-'));
  const done = new AbortController();
  const argv = squashfsArgv({ source: join(ROOT, 'node_modules'), target: join(place, 'layer.squashfs') });
  const packing = (async () => {
    while (!done.signal.aborted) {
      await backgroundRunner.run(argv, { environment: environment(), tethered: true, signal: done.signal });
      rmSync(join(place, 'layer.squashfs'), { force: true });
    }
  })();
  const stop = (): void => done.abort();
  signal.addEventListener('abort', stop, { once: true });
  try {
    // Packing that fails is no load to measure under.
    const failed = packing.then(() => Promise.reject(new Error('Packing has ended')));
    return await Promise.race([work(), failed]);
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
    await packing.catch(() => undefined);
    rmSync(place, { recursive: true, force: true });
  }
}

/** Its exit code says whether all hosts came up; that is for the row to judge. */
async function storm(args: readonly string[], { folder, signal }: StormOptions): Promise<Load> {
  mkdirSync(folder, { recursive: true });
  const directory = mkdtempSync(join(folder, 'storm-'));
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const options = { environment: environment(), tethered: true, signal, log };
  try {
    await commandRunner.run([...PROGRAM, ...args, '--directory', directory], options);
  } catch (error) {
    if (!(error instanceof CommandError) || error.failure.kind !== 'exit') throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return printedJson(lines.join('\n'));
}

function environment(): Record<string, string> {
  return { PATH: systemPath(), HOME: process.env['HOME'] ?? '/', LC_ALL: 'C.UTF-8' };
}
