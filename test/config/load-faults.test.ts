import { expect, test } from 'vitest';
import { faultsOf } from './site-folder.ts';

const SERVER = 'server: {address: 10.77.0.1}\n';

test.each([
  ['server: {address: 10.77.0.1, adress: x}', 'Unknown key "adress" in "server" (Did you mean "address"?)'],
  ['server: {}', 'Missing key "address" in "server" (Add "address")'],
  ['server: {address: 10.77.0.1, http: {port: 0}}', '"server.http.port" is 0, wanted a port, 1 to 65535'],
  ['server: {address: 10.77.0.1, http: 80}', '"server.http" is 80, wanted a mapping'],
  [
    'server: {address: 10.77.0.01}',
    '"server.address" is "10.77.0.01", wanted an IPv4 address such as "10.77.0.1"',
  ],
  [`${SERVER}unknown_hosts: all`, '"unknown_hosts" is "all", wanted "ignore", "address" or {image: NAME}'],
  [`${SERVER}unknown_hosts: {image: wbe}`, 'There is no image "wbe" (Did you mean "web"?)'],
  [`${SERVER}boot: {on_failure: halt}`, '"boot.on_failure" is "halt", wanted one of retry, shell, reboot'],
  ['server: {address: 10.78.0.1}', "The server's address 10.78.0.1 is no address of the subnet 10.77.0.0/24"],
  [
    'server: {address: 10.77.0.255}',
    "The server's address 10.77.0.255 is no address of the subnet 10.77.0.0/24",
  ],
])('server: %s', async (text, fault) => {
  const subnet = 'dhcp: {subnets: [{subnet: 10.77.0.0/24}]}\n';
  const faults = await faultsOf({ 'bivouac.yml': `${subnet}${text}\n` });
  expect(faults).toEqual([expect.stringContaining(fault)]);
});

test.each([
  [
    'subnet: 10.77.0.5/24',
    '"dhcp.subnets[0].subnet" is "10.77.0.5/24", wanted a network such as "10.77.0.0/24", host bits zero',
  ],
  ['subnet: 10.77.0.0', '"dhcp.subnets[0].subnet" is "10.77.0.0", wanted a network'],
  [
    'subnet: 10.77.0.0/24, pool: 10.77.0.9-10.77.0.2',
    '"dhcp.subnets[0].pool" is "10.77.0.9-10.77.0.2", wanted a range',
  ],
  [
    'subnet: 10.77.0.0/24, pool: 10.77.0.9-10.77.1.2',
    'The pool 10.77.0.9-10.77.1.2 does not lie in the subnet',
  ],
  [
    'subnet: 10.77.0.0/24, pool: 10.77.0.9-10.77.0.255',
    'The pool 10.77.0.9-10.77.0.255 does not lie in the subnet',
  ],
  ['subnet: 10.77.0.0/24, pool: 10.77.0.1-10.77.0.9', "The pool holds the server's own address 10.77.0.1"],
  ['subnet: 10.77.0.0/24, router: 10.1.0.1', 'The router 10.1.0.1 is no address of the subnet 10.77.0.0/24'],
  ['subnet: 10.77.0.0/24, dns: [10.77.0.1, x]', '"dhcp.subnets[0].dns[1]" is "x", wanted an IPv4 address'],
  ['subnet: 10.77.0.0/24, lease: 5', '"dhcp.subnets[0].lease" is 5, wanted a time such as "90s"'],
  [
    'subnet: 10.77.0.0/24, lease: 59s',
    '"dhcp.subnets[0].lease" is "59s", wanted a time such as "90s", "30m", "1h" or "7d", of 1m',
  ],
  ['subnet: 10.77.0.0/24, mode: prxy', '"dhcp.subnets[0].mode" is "prxy"'],
  [
    'subnet: 10.77.0.0/24, mode: proxy, pool: 10.77.0.9-10.77.0.20',
    'A subnet of mode "proxy" gives no addresses',
  ],
  ['subnet: 10.78.0.0/24', "The server's address 10.77.0.1 is no address of the subnet 10.78.0.0/24"],
  ['subnet: 10.77.0.0/24}, {subnet: 10.77.0.0/16', 'The subnet 10.77.0.0/16 overlaps 10.77.0.0/24'],
  ['subnet: 10.77.0.0/24, domain: "-x"', '"dhcp.subnets[0].domain" is "-x", wanted a domain name'],
])('dhcp: %s', async (text, fault) => {
  const faults = await faultsOf({
    'bivouac.yml': `${SERVER}dhcp: {subnets: [{${text}}]}\n`,
    'hosts/web01.yml': undefined,
  });
  expect(faults).toEqual([expect.stringContaining(fault)]);
});

test.each([
  [
    'mac: 52:54:00:77:00:01\nmac: 52:54:00:77:00:02\nimage: web',
    ':2:1: Duplicate key "mac" (Keep one of them)',
  ],
  ['mac: 52:54:00:77:00:01\nmacs: [52:54:00:77:00:02]\nimage: web', ':2:1: Both "mac" and "macs" are given'],
  [
    'macs: [52:54:00:77:00:01, 52-54-00-77-00-01]\nimage: web',
    ':1:27: The MAC 52:54:00:77:00:01 is given twice',
  ],
  ['mac: 525400770001\nimage: web', ':1:6: "mac" is 525400770001, wanted six octets'],
  [
    'mac: 52:54:00:77:00:01\nimage: web\naddress: 10.78.0.1',
    ':3:10: Cannot reserve 10.78.0.1: it is outside the subnet',
  ],
  [
    'mac: 52:54:00:77:00:01\nimage: web\naddress: 10.77.0.1',
    ":3:10: Cannot reserve 10.77.0.1: it is the server's own",
  ],
  [
    'mac: 52:54:00:77:00:01\nimage: web\naddress: 10.77.0.255',
    ':3:10: Cannot reserve 10.77.0.255: it is the network or',
  ],
  ['mac: 52:54:00:77:00:01\nimage: webb', ':2:8: There is no image "webb" (Did you mean "web"?)'],
  ['\tmac: 52:54:00:77:00:01', ':1:1: A tab cannot indent YAML (Use spaces)'],
  ['mac: !!js/function x\nimage: web', ':1:6: A tag has no meaning here'],
  ['mac: "52', ':1:9: Cannot read YAML: Missing closing "quote'],
  ['mac: 52:54:00:77:00:01\n---\nimage: web', ':2:1: The file holds more than one YAML document'],
  ['', ':1:1: The file is empty, wanted a mapping'],
  ['- web', ':1:1: The file is a list, wanted a mapping'],
  [
    'mac: 52:54:00:77:00:01\nimage: web\ncmdline: ["a b"]',
    ':3:11: "cmdline[0]" is "a b", wanted one kernel argument',
  ],
  [
    'mac: 52:54:00:77:00:01\nimage: web\ncmdline: ["x=${net0/ip}"]',
    ':3:11: "cmdline[0]" is "x=${net0/ip}", wanted one',
  ],
  [
    'mac: 52:54:00:77:00:01\nimage: web\nvariables: {__proto__: {a: 1}}',
    ':3:13: Cannot use "__proto__" as the name',
  ],
  [
    'mac: 52:54:00:77:00:01\nimage: web\nvariables: {a: [{constructor: 1}]}',
    ':3:18: Cannot use "constructor"',
  ],
])('host file %j', async (text, fault) => {
  const faults = await faultsOf({ 'hosts/web01.yml': text });
  expect(faults).toContainEqual(expect.stringContaining(`hosts/web01.yml${fault}`));
});

test('an unquoted number is told to be quoted where that would help', async () => {
  const faults = await faultsOf({ 'hosts/web01.yml': 'mac: 525400770001\nimage: web\n' });
  expect(faults[0]).toMatch(/\(Put it in quotes\)$/);
});
