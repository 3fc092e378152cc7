import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { aHost, hostName, ip, mac } from '../builders.ts';
import { faultsOf, load, loadedSite, siteFolder } from './site-folder.ts';

test('a small site is read with all defaults', async () => {
  const folder = siteFolder();
  const result = await load(folder);
  if (!result.ok) throw new Error('faults');
  expect(result.site).toMatchObject({
    file: join(folder, 'bivouac.yml'),
    directories: { data: join(folder, 'data'), images: join(folder, 'images'), hosts: join(folder, 'hosts') },
    listen: { address: '10.77.0.1', http: 80, tftp: 69, dhcp: 67 },
    policy: {
      subnets: [
        {
          subnet: { network: '10.77.0.0', prefix: 24 },
          mode: 'full',
          serverAddress: '10.77.0.1',
          baseUrl: 'http://10.77.0.1',
          pool: { first: '10.77.0.100', last: '10.77.0.199' },
          dns: [],
          leaseTime: 3600,
          relays: [],
        },
      ],
      unknownHosts: { kind: 'ignore' },
      onFailure: 'retry',
      tokenLifetime: 3600,
    },
  });
  expect(result.site.images.map((image) => image.name)).toEqual(['trixie', 'base', 'web']);
  expect(result.site.hosts).toEqual([
    aHost({ source: { kind: 'file', path: join(folder, 'hosts/web01.yml') } }),
  ]);
});

test('every setting of bivouac.yml is read', async () => {
  const site = await loadedSite({
    'bivouac.yml': `
server: {address: 10.77.0.1, http: {port: 8080}, tftp: {port: 6969}, dhcp: {port: 6767}, data: /srv/data}
dhcp:
  subnets:
    - {subnet: 10.77.0.0/24, router: 10.77.0.254, dns: [10.77.0.1, 1.1.1.1], domain: Lab.Example, lease: 30m}
unknown_hosts: {image: web, channel: canary}
boot: {on_failure: shell, token_lifetime: 2h}
directories: {images: images, hosts: hosts, boot: boot}
`,
  });
  expect(site.listen).toEqual({ address: '10.77.0.1', http: 8080, tftp: 6969, dhcp: 6767 });
  expect(site.directories.data).toBe('/srv/data');
  expect(site.policy).toEqual({
    subnets: [
      {
        subnet: { network: '10.77.0.0', prefix: 24 },
        mode: 'full',
        serverAddress: '10.77.0.1',
        baseUrl: 'http://10.77.0.1:8080',
        router: '10.77.0.254',
        dns: ['10.77.0.1', '1.1.1.1'],
        domain: 'lab.example',
        leaseTime: 1800,
        relays: [],
        largestBlock: 1468,
        options: [],
      },
    ],
    unknownHosts: { kind: 'image', image: 'web', channel: 'canary' },
    onFailure: 'shell',
    tokenLifetime: 7200,
    quirks: [],
  });
});

test('BIVOUAC_DATA wins over the file', async () => {
  const site = await loadedSite({}, { environment: { BIVOUAC_DATA: '/elsewhere' } });
  expect(site.directories.data).toBe('/elsewhere');
});

test('any spelling of a MAC is one form; a host may have several', async () => {
  const site = await loadedSite({
    'hosts/web01.yml': 'macs: [52-54-00-AB-00-01, 5254.00ab.0002, "525400ab0003"]\nimage: web\n',
  });
  expect(site.hosts[0]?.macs).toEqual(['52:54:00:ab:00:01', '52:54:00:ab:00:02', '52:54:00:ab:00:03']);
});

test('BOM and CRLF are no fault, and do not shift positions', async () => {
  const site = await loadedSite({ 'hosts/web01.yml': '\uFEFFmac: 52:54:00:77:00:01\r\nimage: web\r\n' });
  expect(site.hosts).toHaveLength(1);
  const faults = await faultsOf({ 'hosts/web01.yml': '\uFEFFmac: nonsense\r\nimage: web\r\n' });
  expect(faults).toEqual([
    expect.stringMatching(/^hosts\/web01\.yml:1:6: "mac" is "nonsense", wanted six octets/),
  ]);
});

test('faults of all files are told at once', async () => {
  const faults = await faultsOf({
    'bivouac.yml': 'server: {address: 10.77.0.1, prot: 1}\ndhcp: {subnets: [{subnet: 10.77.0.1/24}]}\n',
    'images/config.yml': 'trixie: {base: {stages: [gone.sh]}}\n',
    'hosts/web01.yml': 'mac: 01:00:5e:00:00:01\nimage: web\n',
    'hosts/web02.yml': 'image: nope\n',
    'hosts/ghost/etc/motd': 'hi',
  });
  expect(faults.map((fault) => fault.split(': ', 1)[0])).toEqual([
    'bivouac.yml:1:30',
    'bivouac.yml:2:27',
    'images/config.yml:1:26',
    'hosts/web01.yml:1:6',
    'hosts/web01.yml:2:8',
    'hosts/web02.yml:1:1',
    'hosts/web02.yml:1:8',
    'hosts/ghost',
  ]);
});

test('one key of two hosts is a fault that names the other file and line', async () => {
  const faults = await faultsOf({
    'hosts/web02.yml': 'image: web\nmac: 52-54-00-77-00-01\naddress: 10.77.0.11\n',
  });
  expect(faults).toEqual([
    'hosts/web02.yml:2:6: The MAC 52:54:00:77:00:01 belongs to host "web01" (hosts/web01.yml:1) (Give one of them another MAC)',
    'hosts/web02.yml:3:10: The address 10.77.0.11 belongs to host "web01" (hosts/web01.yml:2) (Give one of them another address)',
  ]);
});

test('hosts registered over the API are checked too', async () => {
  const registered = [
    aHost({ name: hostName('db1'), address: ip('10.77.0.50'), source: { kind: 'api' } }),
    aHost({ name: hostName('web01'), macs: [mac('52:54:00:00:00:07')], address: ip('10.77.0.51') }),
  ];
  const faults = await faultsOf({}, { registeredHosts: () => Promise.resolve(registered) });
  expect(faults).toEqual([
    expect.stringContaining(
      'hosts/web01.yml: The name "web01" belongs to host "web01", which was registered over the API',
    ),
    expect.stringContaining(
      'hosts/web01.yml:1:6: The MAC 52:54:00:77:00:01 belongs to host "db1", which was registered',
    ),
  ]);
});

test.each([
  ['hosts/Web02.yml', 'The file is named "Web02", wanted a host name'],
  ['hosts/web_02.yml', 'The file is named "web_02", wanted a host name'],
  ['hosts/web02.yaml', 'The file would be ignored: the name of a host file ends in ".yml"'],
])('%s', async (path, fault) => {
  expect(await faultsOf({ [path]: 'mac: 52:54:00:77:00:02\nimage: web\n' })).toEqual([
    expect.stringContaining(fault),
  ]);
});

test('files that are not there are faults, hosts excepted', async () => {
  expect(await faultsOf({ 'images/config.yml': undefined })).toEqual([
    'images/config.yml: There is no such file',
  ]);
  expect(await faultsOf({ 'boot/script.ipxe.njk': undefined })).toEqual([
    expect.stringContaining('boot/script.ipxe.njk: There is no boot script template'),
  ]);
  expect((await loadedSite({ 'hosts/web01.yml': undefined })).hosts).toEqual([]);
  expect(await load('/nonexistent')).toMatchObject({
    ok: false,
    faults: [{ message: 'There is no such file' }],
  });
});

test('a file that is not UTF-8 or too large is a fault', async () => {
  expect(await faultsOf({ 'hosts/web01.yml': Uint8Array.of(0x6d, 0xff, 0xfe) })).toEqual([
    expect.stringContaining('Cannot read the file: it is not UTF-8'),
  ]);
  const large = `mac: 52:54:00:77:00:01\nimage: web\n#${'x'.repeat(1024 * 1024)}`;
  expect(await faultsOf({ 'hosts/web01.yml': large })).toEqual([
    expect.stringContaining('The file is larger than 1 MiB'),
  ]);
});

test('aliases work, and a bomb of them is refused at once', async () => {
  const site = await loadedSite({
    'hosts/web01.yml': 'mac: 52:54:00:77:00:01\nimage: web\nvariables: {a: &a [1], b: *a}\n',
  });
  expect(site.hosts[0]?.variables).toEqual({ a: [1], b: [1] });
  const levels = Array.from({ length: 20 }, (_, index) => {
    const inner = index === 0 ? '"lol"' : `*l${index - 1}`;
    return `  l${index}: &l${index} [${Array(10).fill(inner).join(', ')}]`;
  });
  const bomb = `mac: 52:54:00:77:00:01\nimage: web\nvariables:\n${levels.join('\n')}\n`;
  const started = performance.now();
  expect(await faultsOf({ 'hosts/web01.yml': bomb })).toEqual([
    expect.stringContaining('hosts/web01.yml:1:1: Aliases make more than 1000000 values of the file'),
  ]);
  expect(performance.now() - started).toBeLessThan(2000);
});

test('nesting of any depth ends in a fault, not in a crash', async () => {
  for (const text of ['['.repeat(100_000), '{a: '.repeat(50_000), '- '.repeat(50_000)]) {
    const faults = await faultsOf({ 'hosts/web01.yml': text });
    expect(faults.length).toBeGreaterThan(0);
  }
});

test('a kernel argument of an image that no boot could use is a fault of the image that brings it', async () => {
  const faults = await faultsOf({
    'images/config.yml':
      'trixie: {base: {kernel: linux-image-amd64, cmdline: ["x=${y}"], web: {cmdline: [quiet]}}}\n',
  });
  expect(faults).toEqual([
    expect.stringMatching(
      /^images\/config\.yml:1:54: Image "base" cannot have kernel argument "x=\$\{y\}": it has "\$"/,
    ),
  ]);
});

test('a host file that is a pipe or a link to nothing is a fault, not a wait', async () => {
  const folder = siteFolder();
  execFileSync('mkfifo', [join(folder, 'hosts/pipe.yml')]);
  symlinkSync('/nonexistent', join(folder, 'hosts/web02.yml'));
  const result = await load(folder);
  expect(result.ok ? [] : result.faults.map(({ message }) => message)).toEqual([
    'Cannot read the file: it is no file',
    'There is no such file',
  ]);
});
