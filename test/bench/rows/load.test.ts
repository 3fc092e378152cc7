import { expect, test } from 'vitest';
import { flatness } from './dhcp.ts';
import { perfdhcpCounts, printedJson } from './load.ts';
import { wrkRate } from './script.ts';

const PERFDHCP = `Running: perfdhcp -4 -r 1000
***Statistics for: DISCOVER-OFFER***
sent packets: 4999
received packets: 4964
drops: 35
drops ratio: 0.70014 %

***Statistics for: REQUEST-ACK***
sent packets: 4964
received packets: 4896
drops: 68
drops ratio: 1.370 %
`;

test('the result of a load client is its last line of JSON', () => {
  const load = printedJson('a warning\n{"MBps": 1}\n{"MBps": 12.5, "probe": {"p99": 3}, "error": "none"}\n');
  expect(load.number('MBps')).toBe(12.5);
  expect(load.number('probe.p99')).toBe(3);
});

test('the result may have several lines, among those of others', () => {
  const load = printedJson('{"p99": 1}\nserver ready\n{\n  "probe": {\n    "p99": 3\n  }\n}\nserver ended\n');
  expect(load.number('probe.p99')).toBe(3);
});

test('a number that is not there is no zero', () => {
  const load = printedJson('{"MBps": null, "error": "none", "probe": 1}');
  for (const name of ['MBps', 'error', 'missing', 'probe.p99'])
    expect(() => load.number(name)).toThrow(`has no number "${name}"`);
  expect(load.count('missing')).toBe(0);
  expect(() => load.count('error')).toThrow('has no number "error"');
  expect(() => printedJson('perror: no')).toThrow('printed no result: perror: no');
});

test('perfdhcp counts both halves', () => {
  expect(perfdhcpCounts(PERFDHCP)).toEqual({ begun: 4999, sent: 9963, received: 9860, drops: 103 });
  expect(() => perfdhcpCounts('usage: perfdhcp')).toThrow('perfdhcp printed no "sent packets"');
});

test('the rate of wrk counts only when all requests were answered', () => {
  expect(wrkRate('Latency 1\nRequests/sec:  21234.56\nTransfer/sec: 1MB\n')).toBe(21_234.56);
  expect(() => wrkRate('  Non-2xx or 3xx responses: 12\nRequests/sec: 5.0\n')).toThrow(
    'Non-2xx or 3xx responses: 12',
  );
  expect(() =>
    wrkRate('  Socket errors: connect 0, read 5, write 0, timeout 0\nRequests/sec: 5.0\n'),
  ).toThrow('read 5');
  expect(() => wrkRate('unable to connect')).toThrow('unable to connect');
});

test('flatness is the slowest of the larger sizes by the smallest', () => {
  const rates = [
    [1000, 4000],
    [5000, 5000],
    [20_000, 3000],
  ] as const;
  expect(flatness(rates).value).toBe(0.75);
  expect(() =>
    flatness([
      [1000, 0],
      [5000, 1],
    ]),
  ).toThrow('Nothing to compare with');
});
