import { MARKS, type Mark } from '../../lab/storm/record.ts';
import type { Spread, StormReport } from '../../lab/storm/summary.ts';
import { formatBytes, formatSeconds, formatTable, printable } from '../format.ts';

const MARK_TEXT: Readonly<Record<Mark, string>> = {
  nbp: 'NBP loaded',
  script: 'boot script',
  'root-mounted': 'root mounted',
  healthy: 'healthy',
};

/** The report of a storm for a person. */
export function stormText(report: StormReport): string {
  const { hosts, completed, failed, options, wallSeconds } = report;
  const link = options.link ?? 'without limit';
  const lines = [
    `${completed} of ${hosts} hosts healthy, ${failed} failed, in ${formatSeconds(wallSeconds)}`,
    `loss ${options.loss} % in each direction, link ${link}, switched on over ${options.stagger} s`,
    '',
    formatTable(
      ['time to', 'hosts', 'p50', 'p90', 'p99', 'max'],
      MARKS.map((mark) => timeRow(MARK_TEXT[mark], report.times[mark])),
    ),
    '',
    formatTable(['DHCP answer', 'count', 'p50', 'p90', 'p99', 'max'], answerRows(report)),
    '',
    formatTable(['what', 'value'], factRows(report)),
    ...report.troubles.map(({ what, count }) => `trouble  ${count} × ${printable(what)}`),
    ...report.failures.map(({ host, reason }) => `failed   ${host}: ${printable(reason)}`),
    ...report.server.errors.first.map((line) => `logged   ${printable(line)}`),
  ];
  return lines.join('\n');
}

function timeRow(name: string, { count, p50, p90, p99, max }: Spread): string[] {
  return [name, String(count), ...[p50, p90, p99, max].map(formatSeconds)];
}

function answerRows({ dhcpAnswers, dhcpProbe }: StormReport): string[][] {
  const row = (name: string, { count, p50, p90, p99, max }: Spread): string[] => [
    name,
    String(count),
    ...[p50, p90, p99, max].map((milliseconds) => `${milliseconds.toFixed(1)} ms`),
  ];
  const probe = dhcpProbe === undefined ? [] : [row(`probe (${dhcpProbe.lost} lost)`, dhcpProbe)];
  return [row('storm', dhcpAnswers), ...probe];
}

function factRows({ bytes, httpStatuses, retries, files, server, versions }: StormReport): string[][] {
  const statuses = Object.entries(httpStatuses)
    .toSorted()
    .map(([name, count]) => `${count} × ${name}`);
  return [
    [
      'bytes',
      `DHCP ${formatBytes(bytes.dhcp)}, TFTP ${formatBytes(bytes.tftp)}, HTTP ${formatBytes(bytes.http)}`,
    ],
    ['HTTP answers', statuses.join(', ')],
    [
      'retries',
      `DHCP ${retries.dhcp}, TFTP ${retries.tftp}, HTTP ${retries.http}; boots begun anew ${retries.restarts}`,
    ],
    ['files', `${files.checked} of the right length, SHA-256 compared of ${files.hashed}`],
    [
      'server',
      `CPU ${formatSeconds(server.cpuSeconds)}, peak RSS ${formatBytes(server.peakRssBytes)}, ready after ${formatSeconds(server.startSeconds)}, ${server.errors.count} errors logged`,
    ],
    ['versions', `bivouac ${versions.bivouac}, Node.js ${versions.node}, Linux ${versions.kernel}`],
  ];
}
