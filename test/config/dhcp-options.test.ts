import { expect, it } from 'vitest';
import { OPTION_NAMES, readDhcpOptions } from '../../src/config/dhcp-options.ts';
import { faultsOf, loadedSite } from './site-folder.ts';

function site(...options: readonly string[]) {
  const lines = [
    'server: {address: 10.77.0.1}',
    'dhcp:',
    '  subnets:',
    '    - subnet: 10.77.0.0/24',
    '      options:',
    ...options.map((line) => `        ${line}`),
  ];
  return { 'bivouac.yml': lines.join('\n') };
}

async function optionsOf(...lines: readonly string[]): Promise<Record<number, string>> {
  const [subnet] = (await loadedSite(site(...lines))).policy.subnets;
  return Object.fromEntries(
    subnet.options.map(({ code, value, always }) => [
      code,
      `${Buffer.from(value).toString('hex')}${always ? ' always' : ''}`,
    ]),
  );
}

it('encodes values by the type that the option has', async () => {
  expect(
    await optionsOf(
      'ntpServer: [10.77.0.1, 10.77.0.2]',
      'timeServer: 10.77.0.3',
      'rootPath: /srv',
      'mtuInterface: 1400',
      'datagramTTL: 64',
      'timeOffset: -3600',
      'trailerEncapsulation: true',
      'mtuSizes: [68, 1500]',
      'swapServer: 10.77.0.9',
      'domainSearchList: [a.lab, b]',
      'classlessRoute: [10.8.0.0/13 via 10.77.0.1, 0.0.0.0/0 via 10.77.0.2]',
    ),
  ).toEqual({
    42: '0a4d00010a4d0002',
    4: '0a4d0003',
    17: '2f737276',
    26: '0578',
    23: '40',
    2: 'fffff1f0',
    34: '01',
    25: '004405dc',
    16: '0a4d0009',
    119: '0161036c6162000162' + '00',
    // RFC 3442: the example of its section 3 has the same form.
    121: '0d0a080a4d0001' + '000a4d0002',
  });
});

it('takes codes, with the type of the table or one that is said, and sends what always shall be sent', async () => {
  expect(
    await optionsOf(
      '42: 10.77.0.1',
      '224: {hex: "0a:0b"}',
      '150: {addresses: [10.77.0.5]}',
      '225: {text: hello, always: true}',
      'wpad: {value: "http://wpad/wpad.dat", always: true}',
    ),
  ).toEqual({
    42: '0a4d0001',
    224: '0a0b',
    150: '0a4d0005',
    225: '68656c6c6f always',
    252: `${Buffer.from('http://wpad/wpad.dat').toString('hex')} always`,
  });
});

it('reports each fault with its place', async () => {
  expect(
    await faultsOf(
      site(
        'ntpServers: 10.77.0.1',
        'ntpServer: ntp.lab',
        'router: 10.77.0.1',
        'leaseTime: 60',
        '53: 1',
        '82: {hex: "00"}',
        '300: 1',
        '224: 5',
        '226: {hex: "0"}',
        '227: {hex: "00", text: a}',
        'mtuInterface: 70000',
        `rootPath: "${'x'.repeat(256)}"`,
        'timeServer: []',
        'logServer: 10.77.0.1',
        '7: 10.77.0.1',
      ),
    ),
  ).toEqual([
    'bivouac.yml:6:9: There is no DHCP option "ntpServers" (Did you mean "ntpServer"?)',
    'bivouac.yml:7:20: "ntpServer" is "ntp.lab", wanted an IPv4 address, or a list of them',
    'bivouac.yml:8:9: Option 3 cannot be set: the key "router" of the subnet sets it (Remove it)',
    'bivouac.yml:9:9: Option 51 cannot be set: the key "lease" of the subnet sets it (Remove it)',
    'bivouac.yml:10:9: Option 53 cannot be set: it belongs to the protocol itself (Remove it)',
    'bivouac.yml:11:9: Option 82 cannot be set: it belongs to the protocol itself (Remove it)',
    expect.stringMatching(
      /^bivouac.yml:12:9: There is no DHCP option "300" \(Give its code, 1 to 254, or one/,
    ),
    'bivouac.yml:13:14: "224" is 5, wanted {hex: …}, {text: …} or {addresses: […]}',
    'bivouac.yml:14:9: "226" is a mapping, wanted {hex: …}, {text: …} or {addresses: […]}',
    'bivouac.yml:15:9: "227" is a mapping, wanted {hex: …}, {text: …} or {addresses: […]}',
    'bivouac.yml:16:23: "mtuInterface" is 70000, wanted a whole number, 0 to 65535',
    expect.stringMatching(/^bivouac.yml:17:19: "rootPath" is "x+…, wanted text .*, at most 255 octets$/),
    'bivouac.yml:18:9: "timeServer" is a list, wanted an IPv4 address, or a list of them',
    'bivouac.yml:19:9: Option 7 is given twice (Keep one of them)',
  ]);
});

it('offers names of the package, and none that is refused', () => {
  expect(OPTION_NAMES).toContain('ntpServer');
  const faults: string[] = [];
  for (const name of OPTION_NAMES) readDhcpOptions({ [name]: {} }, (_key, message) => faults.push(message));
  expect(faults.filter((message) => !message.includes('wanted'))).toEqual([]);
  expect(OPTION_NAMES).not.toContain('router');
  expect(OPTION_NAMES).not.toContain('static');
});
