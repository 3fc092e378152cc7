import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { describeWith } from '../requirements.ts';
import { ServedNetwork } from './served-network.ts';

vi.setConfig({ testTimeout: 60_000 });

/** What configures the network in initramfs-tools (`ip=`, root on NFS): the only client of BOOTP alone that Debian has. */
const IPCONFIG = '/usr/lib/klibc/bin/ipconfig';
const STRANGER = '52:54:00:77:00:99';
const SUBNET = 'subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199, lease: 1m, probe: false, bootp: true';

describeWith(['root', 'ip', IPCONFIG], 'ipconfig of klibc', () => {
  const network = new ServedNetwork('klibc');

  beforeAll(async () => {
    network.plug();
    await network.serve([SUBNET]);
  });

  beforeEach(() => network.forget());
  afterEach(() => network.quiet());
  afterAll(() => network.down());

  it('takes its reserved address by BOOTP', async () => {
    const told = await network.run(IPCONFIG, '-c', 'bootp', '-t', '10', '-d', 'net0');
    expect(told).toMatch(/net0 complete/);
    expect(told).toMatch(/address: 10\.77\.0\.11 .*netmask: 255\.255\.255\.0/);
    expect(told).toContain('host   : web01');
  });

  it('takes an address by DHCP', async () => {
    const told = await network.run(IPCONFIG, '-c', 'dhcp', '-t', '10', '-d', 'net0');
    expect(told).toMatch(/net0 complete \(dhcp from 10\.77\.0\.1\)/);
    expect(told).toMatch(/address: 10\.77\.0\.11 /);
  });

  it('gets no address of the pool by BOOTP: nobody would ever give it back', async () => {
    network.forget(STRANGER);
    await expect(network.run(IPCONFIG, '-c', 'bootp', '-t', '4', '-d', 'net0')).rejects.toThrow();
    expect(await network.bivouac('lease', 'list')).not.toContain(STRANGER);
  });
});
