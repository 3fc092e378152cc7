import { expect, test } from 'vitest';
import { faultsOf, loadedSite } from './site-folder.ts';

const HOST = 'mac: 52:54:00:77:00:01\naddress: 10.77.0.11\nimage: web\nvariables: {role: db}\n';

test('a template of a host that names what there is not is a fault, with its line', async () => {
  const faults = await faultsOf({
    'hosts/web01.yml': HOST,
    'hosts/web01/etc/motd': 'fine: {{ variables.role }}\nwrong: {{ variables.rloe }}\n',
  });
  expect(faults).toEqual([
    expect.stringMatching(/"hosts\/web01\/etc\/motd" at line 2: "variables.rloe" is not defined/),
  ]);
});

test('a file that a host both gives and deletes is a fault', async () => {
  const faults = await faultsOf({
    'hosts/web01.yml': `${HOST}delete: [/etc/motd]\n`,
    'hosts/web01/etc/motd': 'x\n',
  });
  expect(faults).toHaveLength(1);
});

test('templates may use all that a boot knows', async () => {
  const names = [
    'host.fqdn',
    'host.address',
    'address',
    'release',
    'kernelVersion',
    'server',
    'image',
    'domain',
  ];
  const site = await loadedSite({
    'hosts/web01.yml': HOST.replace('address: 10.77.0.11\n', ''),
    'hosts/web01/etc/motd': names.map((name) => `{{ ${name} }}`).join('\n'),
  });
  expect(site.hosts).toHaveLength(1);
});
