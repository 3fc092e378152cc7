import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import { CARD, ServedNetwork } from './served-network.ts';

/** Puts the address on the card and tells what to boot. */
const BOUND = `#!/bin/sh
[ -z "$ip" ] || ip addr replace "$ip/24" dev "$interface"
[ -z "$ip" ] || echo "next-server $siaddr, bootfile $boot_file"
`;

/** What it keeps is mounted in a namespace of its own, so it is seen by nobody else. */
const OWN_STATE =
  'for folder in /var/lib/dhcpcd /run/dhcpcd; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done';
const RESERVED = '52:54:00:77:00:06';

// One subnet whose addresses another server of the same machine lends, one for reservations, and one whose card has no address
// at the start.
describeWith(
  ['root', 'ip', 'busybox', 'udhcpc', 'dhcpcd', 'curl', 'dnsmasq'],
  'modes "off" and "reservations-only", and an address that comes later',
  () => {
    const network = new ServedNetwork('modes');
    const { net } = network;
    const bound = join(network.folder, 'bound');
    const [later, reserved] = [net.add('later'), net.add('reserved')];

    beforeAll(async () => {
      writeFileSync(bound, BOUND);
      chmodSync(bound, 0o755);
      network.plug();
      net.cable([network.server, 'later0'], [later, 'net0']);
      net.cable([network.server, 'reserved0'], [reserved, 'net0']);
      net.ip(network.server, 'addr', 'add', '10.79.0.1/24', 'dev', 'reserved0');
      net.ip(reserved, 'link', 'set', 'net0', 'address', RESERVED);
      mkdirSync(join(network.folder, 'hosts'));
      writeFileSync(
        join(network.folder, 'hosts/web02.yml'),
        `mac: ${RESERVED}\naddress: 10.79.0.12\nimage: web\n`,
      );
      await network.serve([
        'subnet: 10.77.0.0/24, mode: off',
        'subnet: 10.78.0.0/24, server: 10.78.0.1, pool: 10.78.0.100-10.78.0.199, probe: false',
        'subnet: 10.79.0.0/24, server: 10.79.0.1, mode: reservations-only, probe: false',
      ]);
    });

    afterEach(() => network.quiet());

    afterAll(() => network.down());

    const udhcpc = (space: string, tries: number): Promise<string> =>
      net.run(
        space,
        ...['busybox', 'udhcpc', '-i', 'net0', '-f', '-q', '-n', '-s', bound],
        ...['-t', String(tries), '-T', '1'],
      );

    it('no DHCP port is open where DHCP is off, so another server runs on the same machine', async () => {
      const open = await net.run(network.server, 'ss', '-Hlun', 'sport = 67 or sport = 4011');
      expect(open).toContain('10.79.0.1:67');
      expect(open).not.toMatch(/net0|10\.77\.0\.1/);
    });

    it('a host with an address of that server gets NBP, script and files of ours', async () => {
      const dnsmasq = ['dnsmasq', '--keep-in-foreground', '--port=0', '--no-ping', '--log-facility=-'];
      const own = ['--conf-file=/dev/null', '--pid-file=', '--leasefile-ro'];
      const lends = ['--bind-interfaces', '--interface=net0', '--dhcp-range=10.77.0.200,10.77.0.220,1h'];
      const other = net.start(
        network.server,
        ...dnsmasq,
        ...own,
        ...lends,
        '--dhcp-boot=snponly.efi,,10.77.0.1',
      );
      await other.said('DHCP, sockets bound');
      const told = await udhcpc(network.client, 5);
      expect(told).toMatch(/lease of 10\.77\.0\.2\d\d obtained from 10\.77\.0\.1/);
      expect(told).toContain('next-server 10.77.0.1, bootfile snponly.efi');

      const nbp = join(network.folder, 'nbp');
      await network.run('busybox', 'tftp', '-g', '-r', 'snponly.efi', '-l', nbp, '10.77.0.1');
      expect(readFileSync(nbp).equals(network.published?.nbp ?? Buffer.of())).toBe(true);
      const autoexec = join(network.folder, 'autoexec');
      await network.run('busybox', 'tftp', '-g', '-r', 'autoexec.ipxe', '-l', autoexec, '10.77.0.1');
      const url = /http:\S+/.exec(readFileSync(autoexec, 'utf8'))?.[0] ?? '';
      expect(url).toBe(`http://10.77.0.1/boot/script/${CARD.mac.replaceAll(':', '-')}`);
      const script = await network.run('curl', '-sSf', url);
      const environment = /http:\S+\/boot\/env\S*/.exec(script)?.[0] ?? '';
      expect(await network.run('curl', '-sSf', environment)).toMatch(/token/i);
      expect(await network.bivouac('host', 'show', 'web01', '--boot', 'last')).toMatch(
        /http +boot script of image web/,
      );
      await other.stop();
    });

    it('a host with a reservation gets its address', async () => {
      expect(await udhcpc(reserved, 3)).toMatch(/lease of 10\.79\.0\.12 obtained from 10\.79\.0\.1/);
    });

    it('INFORM: dhcpcd is told the settings for an address that it has', async () => {
      const inform = ['dhcpcd', '-4', '-d', '-B', '-A', '-1', '-C', 'resolv.conf', '--inform=10.79.0.12/24'];
      const start = `${OWN_STATE}; exec ${inform.join(' ')} net0`;
      expect(await net.run(reserved, 'sh', '-c', start)).toContain('received approval for 10.79.0.12');
    });

    it('nobody else gets one there', async () => {
      net.ip(reserved, 'link', 'set', 'net0', 'address', '52:54:00:77:00:99');
      await expect(udhcpc(reserved, 1)).rejects.toThrow(/no lease/);
    });

    it('the address that was not there is told of, and heard within seconds of its coming', async () => {
      expect(network.log).toMatch(/10\.78\.0\.1.*DHCP is not served at an address that no interface has/);
      await expect(udhcpc(later, 1)).rejects.toThrow();
      net.ip(network.server, 'addr', 'add', '10.78.0.1/24', 'dev', 'later0');
      expect(await udhcpc(later, 6)).toMatch(/lease of 10\.78\.0\.1\d\d obtained from 10\.78\.0\.1/);
      const nbp = join(network.folder, 'later-nbp');
      await net.run(later, 'busybox', 'tftp', '-g', '-r', 'snponly.efi', '-l', nbp, '10.78.0.1');
      expect(readFileSync(nbp).equals(network.published?.nbp ?? Buffer.of())).toBe(true);
    });
  },
);
