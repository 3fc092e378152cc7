import { expect, test } from 'vitest';
import { Metrics, type MetricsSources } from '../../src/adapters/metrics.ts';
import { aLease, ip } from '../builders.ts';

function someMetrics(given: Partial<MetricsSources> = {}): Metrics {
  return new Metrics({
    dhcp: () => [],
    leases: () => [],
    pools: () => Promise.resolve([]),
    factsDropped: () => 0,
    now: () => 1000,
    servers: {},
    ...given,
  });
}

test('DHCP messages, leases and pools are counted anew each time', async () => {
  let count = 1;
  const metrics = someMetrics({
    dhcp: () => [{ message: 'DISCOVER', outcome: 'pool-exhausted', count: count++ }],
    leases: () => [
      aLease({ expiresAt: 2000 }),
      aLease({ address: ip('10.77.0.12'), expiresAt: 999 }),
      aLease({ address: ip('10.77.0.13'), expiresAt: 2000, state: 'conflict' }),
    ],
    pools: () =>
      Promise.resolve([
        { subnet: '10.77.0.0/24', size: 100, leased: 1, quarantined: 2, offered: 3, free: 94 },
      ]),
    factsDropped: () => 7,
  });
  await metrics.text();
  const text = await metrics.text();
  expect(text).toContain('bivouac_dhcp_messages_total{message="DISCOVER",outcome="pool-exhausted"} 2\n');
  expect(text).toContain('bivouac_leases{state="bound"} 1\n');
  expect(text).toContain('bivouac_leases{state="declined"} 0\n');
  expect(text).toContain('bivouac_leases{state="conflict"} 1\n');
  expect(text).toContain('bivouac_leases{state="expired"} 1\n');
  expect(text).toContain('bivouac_pool_addresses{subnet="10.77.0.0/24",state="free"} 94\n');
  expect(text).toContain('bivouac_facts_dropped_total 7\n');
});

test('what a server counts becomes metrics by its name, however deep it is', async () => {
  const stats = { bytesSent: 5, cache: { hits: 2 }, requests: new Map([['script', 3]]), name: 'no number' };
  const metrics = someMetrics({ servers: { http: () => stats } });
  await metrics.text();
  stats.bytesSent = 6;
  const text = await metrics.text();
  expect(text).toContain('bivouac_http_bytes_sent 6\n');
  expect(text).toContain('bivouac_http_cache_hits 2\n');
  expect(text).toContain('bivouac_http_requests{kind="script"} 3\n');
  expect(text).not.toContain('no number');
});

test('commits are in a histogram', async () => {
  const metrics = someMetrics();
  metrics.observeCommit(0.003);
  expect(await metrics.text()).toContain('bivouac_commit_seconds_bucket{le="0.005"} 1\n');
});
