import { describe, expect, test } from 'vitest';
import { stormText } from '../../../src/cli/lab/storm-text.ts';
import type { HostResult } from '../../../src/lab/storm/news.ts';
import type { StormOptions } from '../../../src/lab/storm/plan.ts';
import { HostRecord } from '../../../src/lab/storm/record.ts';
import { type StormOutcome, spreadOf, summarise } from '../../../src/lab/storm/summary.ts';

const options: StormOptions = {
  hosts: 2,
  loss: 5,
  link: '1gbit',
  stagger: 1,
  limit: 60,
  nbpSize: 1,
  kernelSize: 1,
  initramfsSize: 1,
  layerSize: 1,
  layers: 1,
  firstBoot: false,
  probe: 20,
};

function aResult(given: Partial<HostResult> = {}): HostResult {
  const record = new HostRecord('storm-00001');
  record.counts.httpBytes = 100;
  return {
    name: record.name,
    counts: record.counts,
    phase: 'healthy',
    fault: undefined,
    faults: {},
    statuses: { 200: 6, 204: 8 },
    marks: { nbp: 1000, script: 1500, 'root-mounted': 3000, healthy: 4000 },
    dhcpAnswers: [1, 2],
    ...given,
  };
}

function anOutcome(given: Partial<StormOutcome> = {}): StormOutcome {
  return {
    versions: { bivouac: '1', node: 'v24', kernel: '6' },
    options,
    results: [aResult(), aResult({ marks: { nbp: 3000 } })],
    probe: { answers: [1, 3], lost: 0 },
    server: { startSeconds: 1, cpuSeconds: 2, peakRssBytes: 3e8, errors: { count: 0, first: [] } },
    wallSeconds: 4.2,
    ...given,
  };
}

describe('spreadOf()', () => {
  test('has percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(spreadOf(values)).toEqual({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
    expect(spreadOf([7])).toEqual({ count: 1, p50: 7, p90: 7, p99: 7, max: 7 });
    expect(spreadOf([])).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, max: 0 });
  });
});

describe('summarise()', () => {
  test('adds up hosts, answers and times', () => {
    const report = summarise(anOutcome());
    expect(report).toMatchObject({
      ok: true,
      completed: 2,
      failed: 0,
      bytes: { http: 200 },
      httpStatuses: { '2xx': 28 },
      times: { nbp: { count: 2, p50: 1, max: 3 }, healthy: { count: 1, max: 4 } },
      dhcpAnswers: { count: 4, max: 2 },
      dhcpProbe: { count: 2, max: 3, lost: 0 },
    });
  });

  test('is not well after a single 5xx', () => {
    const report = summarise(anOutcome({ results: [aResult(), aResult({ statuses: { 200: 5, 503: 1 } })] }));
    expect(report).toMatchObject({ ok: false, completed: 2, httpStatuses: { '5xx': 1 } });
  });

  test('is not well when a host was never heard of', () => {
    expect(summarise(anOutcome({ results: [aResult()] }))).toMatchObject({
      ok: false,
      completed: 1,
      failed: 1,
    });
  });

  test('counts what hosts met with, the most frequent first', () => {
    const results = [{ stalled: 2 }, { stalled: 1, 'status 503': 1 }].map((faults) => aResult({ faults }));
    expect(summarise(anOutcome({ results })).troubles).toEqual([
      { what: 'stalled', count: 3 },
      { what: 'status 503', count: 1 },
    ]);
  });

  test('says why hosts failed, of the first five', () => {
    const failed = aResult({ phase: 'failed', fault: 'NBP: error 1' });
    const late = aResult({ name: 'storm-00002', phase: 'kernel', fault: 'kernel: stalled' });
    const report = summarise(anOutcome({ results: [late, ...Array.from({ length: 8 }, () => failed)] }));
    expect(report.failures).toHaveLength(5);
    expect(report.failures.slice(0, 2)).toEqual([
      { host: 'storm-00002', reason: 'time was up in phase kernel: kernel: stalled' },
      { host: 'storm-00001', reason: 'NBP: error 1' },
    ]);
    expect(stormText(report)).toContain('failed   storm-00001: NBP: error 1');
  });
});
