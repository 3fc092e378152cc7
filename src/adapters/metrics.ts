import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DhcpCount } from '../boot/dhcp-counts.ts';
import type { PoolFill } from '../boot/pool-fill.ts';
import { isOver, LEASE_STATES, type Lease } from '../core/lease.ts';

/** Where the numbers come from; each is asked when the metrics are. */
export interface MetricsSources {
  readonly dhcp: () => readonly DhcpCount[];
  readonly leases: () => readonly Lease[];
  readonly pools: () => Promise<readonly PoolFill[]>;
  readonly factsDropped: () => number;
  readonly now: () => number;
  /**
   * What servers count themselves, by their name: numbers, objects of numbers, maps from a kind to a number. Each
   * becomes `bivouac_<server>_<name>`.
   */
  readonly servers: Readonly<Record<string, () => object>>;
}

/** All metrics of the process, in the text form of Prometheus. */
export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #commits: Histogram;
  readonly #sources: MetricsSources;
  readonly #servers = new Map<string, Gauge>();

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry });
    const registers = [this.#registry];
    this.#commits = new Histogram({
      name: 'bivouac_commit_seconds',
      help: 'From the first wish to write leases or boot tokens to the end of their transaction',
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
      registers,
    });
    this.#addDhcp();
    this.#addLeases();
    this.#addPools();
  }

  /** A transaction of leases or tokens ended. */
  observeCommit(seconds: number): void {
    this.#commits.observe(seconds);
  }

  /** The metrics as they are now. */
  text(): Promise<string> {
    this.#readServers();
    return this.#registry.metrics();
  }

  #addDhcp(): void {
    const { dhcp, factsDropped } = this.#sources;
    const registers = [this.#registry];
    new Counter({
      name: 'bivouac_dhcp_messages_total',
      help: 'DHCP messages by type, and type of the reply or the reason for which there was none',
      labelNames: ['message', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const { message, outcome, count } of dhcp()) this.inc({ message, outcome }, count);
      },
    });
    new Counter({
      name: 'bivouac_facts_dropped_total',
      help: 'Facts of boots that were not recorded because there were too many',
      registers,
      collect() {
        this.reset();
        this.inc(factsDropped());
      },
    });
  }

  #addLeases(): void {
    const { leases, now } = this.#sources;
    new Gauge({
      name: 'bivouac_leases',
      help: 'Leases on record by state; expired ones are kept so that a host gets its address again',
      labelNames: ['state'],
      registers: [this.#registry],
      collect() {
        const time = now();
        const counts = new Map<string, number>([...LEASE_STATES, 'expired'].map((state) => [state, 0]));
        for (const lease of leases()) {
          const state = isOver(lease, time) ? 'expired' : lease.state;
          counts.set(state, (counts.get(state) ?? 0) + 1);
        }
        for (const [state, count] of counts) this.set({ state }, count);
      },
    });
  }

  #addPools(): void {
    const { pools } = this.#sources;
    new Gauge({
      name: 'bivouac_pool_addresses',
      help: 'Addresses of each pool by state; they add up to its size',
      labelNames: ['subnet', 'state'],
      registers: [this.#registry],
      async collect() {
        const fills = await pools();
        this.reset();
        for (const { subnet, leased, quarantined, offered, free } of fills) {
          const states = { leased, quarantined, offered, free };
          for (const [state, count] of Object.entries(states)) this.set({ subnet, state }, count);
        }
      },
    });
  }

  #readServers(): void {
    for (const [server, stats] of Object.entries(this.#sources.servers)) {
      for (const { name, value, kinds } of flatten(stats(), `${server}_`)) {
        const gauge = this.#gaugeOf(name, kinds === undefined ? [] : ['kind']);
        if (kinds === undefined) gauge.set(value);
        else for (const [kind, count] of kinds) gauge.set({ kind }, count);
      }
    }
  }

  #gaugeOf(name: string, labelNames: readonly string[]): Gauge {
    const known = this.#servers.get(name);
    if (known !== undefined) return known;
    const help = `${name.replaceAll('_', ' ')}, as that server counts`;
    const gauge = new Gauge({ name: `bivouac_${name}`, help, labelNames, registers: [this.#registry] });
    this.#servers.set(name, gauge);
    return gauge;
  }
}

interface Flat {
  readonly name: string;
  readonly value: number;
  /** Set where the number is one for each kind. */
  readonly kinds?: readonly (readonly [string, number])[];
}

function flatten(stats: object, prefix: string): readonly Flat[] {
  return Object.entries(stats).flatMap(([key, value]: [string, unknown]): readonly Flat[] => {
    const name = `${prefix}${snakeCase(key)}`;
    if (typeof value === 'number') return [{ name, value }];
    if (value instanceof Map) return [{ name, value: 0, kinds: [...value].flatMap(countOf) }];
    return typeof value === 'object' && value !== null ? flatten(value, `${name}_`) : [];
  });
}

function countOf([kind, count]: [unknown, unknown]): readonly (readonly [string, number])[] {
  return typeof count === 'number' ? [[String(kind), count]] : [];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
