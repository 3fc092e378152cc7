import { expect, it } from 'vitest';
import { hostFromFields } from '../../src/config/register-host.ts';
import { anImage, aSnapshot, hostName } from '../builders.ts';
import { faultsOf, loadedSite } from './site-folder.ts';

const hostFile = (bootfile: string) => ({
  'hosts/web01.yml': `mac: 52:54:00:77:00:01\nimage: web\nbootfile: ${bootfile}\n`,
});

it.each(['ipxe.efi', 'undionly.kpxe', 'http://10.77.0.9:8080/boot/grub.efi?x=1', 'https://boot.lab/a'])(
  '%s is a bootfile',
  async (bootfile) => {
    const { hosts } = await loadedSite(hostFile(bootfile));
    expect(hosts[0]?.bootfile).toBe(bootfile);
  },
);

it.each([
  'tftp://10.77.0.9/x',
  '../ipxe.efi',
  'boot/ipxe.efi',
  '.efi',
  '"a b"',
  'http://10.77.0.9',
  `"http://10.77.0.9/${'x'.repeat(240)}"`,
  '"http://10.77.0.9/\\n"',
])('%s is none', async (bootfile) => {
  expect(await faultsOf(hostFile(bootfile))).toEqual([
    expect.stringMatching(/^hosts\/web01\.yml:3:11: "bootfile" is .*, wanted a file of the image "nbp"/),
  ]);
});

it('is kept of a host that is registered', () => {
  const fields = { mac: '52:54:00:77:00:09', image: 'web', bootfile: 'ipxe.efi' };
  const registry = { snapshot: aSnapshot({ hosts: [] }), images: [anImage()] };
  expect(hostFromFields(hostName('db1'), fields, registry).bootfile).toBe('ipxe.efi');
  const { bootfile: _none, ...others } = fields;
  expect(hostFromFields(hostName('db1'), others, registry)).not.toHaveProperty('bootfile');
});
