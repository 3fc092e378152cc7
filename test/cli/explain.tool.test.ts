import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { siteFolder } from '../config/site-folder.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

const SITE = {
  'bivouac.yml': [
    'server: {address: 10.77.0.1, data: data}',
    'dhcp:',
    '  subnets:',
    '    - {subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199}',
    '    - {subnet: 10.78.0.0/24, relays: [10.78.0.254], pool: 10.78.0.100-10.78.0.199}',
  ].join('\n'),
  'boot/quirks.yml': [
    'quirks:',
    '  - name: silent',
    '    match: {macs: ["52:54:00"], stages: [ipxe]}',
    '    workarounds: {serve: never}',
  ].join('\n'),
};

function bivouac(
  argv: readonly string[],
  folder = siteFolder(SITE),
): Promise<{ code: number; out: string; err: string }> {
  const line = [MAIN, '-c', join(folder, 'bivouac.yml'), ...argv];
  return new Promise((done) => {
    const child = execFile(process.execPath, line, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

it('explains a host of the site by its name: 0 when it is answered', async () => {
  const { code, out } = await bivouac(['explain', 'web01', '--firmware', 'os']);
  expect(out).toMatch(/^DISCOVER of 52:54:00:77:00:01, running system$/m);
  expect(out).toMatch(/ {2}host {4}\+ host with MAC 52:54:00:77:00:01 +"web01" of .*hosts\/web01\.yml/);
  expect(out).toMatch(/^OFFER to 10\.77\.0\.11:68/m);
  expect(code).toBe(0);
});

it('a REQUEST takes the offer, by the relay agent where the subnet has one, and leases nothing', async () => {
  const folder = siteFolder(SITE);
  const { code, out } = await bivouac(
    ['--json', 'explain', 'web01', '--firmware', 'os', '--mode', 'request', '--subnet', '10.78.0.0/24'],
    folder,
  );
  const explained: unknown = JSON.parse(out);
  expect(explained).toMatchObject([
    { reply: { message: 'OFFER', giaddr: '10.78.0.254', yiaddr: expect.stringMatching(/^10\.78\.0\.1/) } },
    { reply: { message: 'ACK', destination: 'relay agent 10.78.0.254:67' } },
  ]);
  expect(code).toBe(0);
  expect((await bivouac(['--json', 'lease', 'list'], folder)).out.trim()).toBe('[]');
});

it.each([
  [['52:54:00:77:00:01', '--firmware', 'ipxe'], 1, 'no answer (quirk)'],
  [['02:00:00:00:00:01'], 1, 'no answer (unknown-host)'],
  [['web01'], 1, 'no answer (nbp-not-published)'],
])('1 when there is no answer: %j', async (argv, expected, text) => {
  const { code, out } = await bivouac(['explain', ...argv]);
  expect(out).toContain(text);
  expect(code).toBe(expected);
});

const CAPTURE = resolve(import.meta.dirname, '../fixtures/dhcp/udhcpc-dnsmasq.pcap');

it('explains a capture of another server: what we would say, and what was said', async () => {
  const { code, out } = await bivouac(['explain', '--pcap', CAPTURE]);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^#1 {2}\+0\.000 s {2}from 0\.0\.0\.0\n\nDISCOVER of 52:54:00:77:00:01, running system$/m,
  );
  expect(out).toMatch(/^OFFER to 10\.77\.0\.11:68/m);
  expect(out).toMatch(/^the capture holds: OFFER of 10\.77\.0\.254/m);
  expect(out).toMatch(/^no answer \(other-server\)/m);
  expect(out).toMatch(/^2 DHCP messages of clients$/m);
});

it('explains the messages of one host of a capture', async () => {
  const { out } = await bivouac(['--json', 'explain', '02:00:00:00:00:01', '--pcap', CAPTURE]);
  expect(JSON.parse(out)).toEqual({ messages: [], malformed: 0 });
});

it.each([
  [[], 'neither a host nor "--pcap" is given'],
  [['--pcap', MAIN], 'it is no capture in the format pcap or pcapng'],
  [['--pcap', '/nowhere'], 'ENOENT'],
  [['web09'], 'it is neither a MAC address nor a host'],
  [['web01', '--firmware', 'amiga'], 'Wanted one of bios, uefi'],
  [['web01', '--mode', 'inform'], 'Wanted "discover" or "request"'],
  [['web01', '--subnet', '10.99.0.0/24'], 'Served subnets: 10.77.0.0/24, 10.78.0.0/24'],
])('2 when the call is at fault: %j', async (argv, text) => {
  const { code, err } = await bivouac(['explain', ...argv]);
  expect(err).toContain(text);
  expect(code).toBe(2);
});
