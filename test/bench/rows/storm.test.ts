import { expect, test } from 'vitest';
import { printedJson } from './load.ts';
import { busyMeasured, stormMeasured } from './storm.ts';

const REPORT = {
  hosts: 1000,
  completed: 995,
  times: { healthy: { p50: 20, p99: 40 } },
  httpStatuses: { '2xx': 9000 },
  server: { peakRssBytes: 300 * 1024 * 1024 },
  dhcpProbe: { count: 1000, p50: 1, p99: 12, max: 30, lost: 2 },
};
const load = (report: object) => printedJson(JSON.stringify(report, undefined, 2));

test('a storm gives three rows; statuses that never came are none', () => {
  expect(stormMeasured(load(REPORT))).toEqual({
    'storm-1000': { value: 99.5, figures: { p50: 20, p99: 40 } },
    'storm-1000-5xx': { value: 0 },
    'storm-1000-rss': { value: 300 },
  });
  expect(stormMeasured(load({ ...REPORT, httpStatuses: { '5xx': 3 } }))['storm-1000-5xx']).toEqual({
    value: 3,
  });
});

test('the busy row is the 99th percentile of the probe, unless that is none', () => {
  expect(busyMeasured(load(REPORT))).toEqual({ value: 12, figures: { p50: 1, max: 30 } });
  const probe = (given: object) => load({ ...REPORT, dhcpProbe: { ...REPORT.dhcpProbe, ...given } });
  expect(() => busyMeasured(probe({ lost: 20 }))).toThrow('lost 20 of 1020 answers');
  expect(() => busyMeasured(probe({ count: 9 }))).toThrow('9 answers only');
  expect(() => busyMeasured(load({ hosts: 1 }))).toThrow('no number "dhcpProbe.count"');
});
