import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { describeWith } from '../requirements.ts';
import { CARD, ServedNetwork } from './served-network.ts';

// A client that hangs shall not take ten minutes.
vi.setConfig({ testTimeout: 60_000 });

const STRANGER = '52:54:00:77:00:99';
const OTHER_STRANGER = '52:54:00:77:00:98';
/** An address of the pool that another machine uses. */
const IN_USE = '10.77.0.150';
const NETWORKD = '/lib/systemd/systemd-networkd';

/** Puts the address on the card. */
const BOUND = `#!/bin/sh
address="\${ip:-$new_ip_address}"
[ -z "$address" ] || ip addr replace "$address/24" dev net0
exit 0
`;

/** Finds the first address that it is given in use elsewhere, and says so as ISC's script does. */
const SUSPICIOUS = `#!/bin/sh
[ "$reason" = BOUND ] && [ ! -e "$0.found" ] && touch "$0.found" && exit 1
exit 0
`;

/** A lease of another network, as ISC's client remembers it. */
const OLD_LEASE = `lease {
  interface "net0";
  fixed-address 192.0.2.9;
  option subnet-mask 255.255.255.0;
  option dhcp-lease-time 360000;
  option dhcp-message-type 5;
  option dhcp-server-identifier 192.0.2.1;
  renew 1 2037/01/05 00:00:00;
  rebind 1 2037/01/05 00:00:00;
  expire 1 2037/01/05 00:00:00;
}
`;

/** Folders of a client's state are its own: what is mounted in a namespace's process is seen by nobody else. */
const OWN_STATE =
  'for folder in /var/lib/dhcpcd /run/dhcpcd; do mkdir -p $folder; mount -t tmpfs tmpfs $folder; done';
const NETWORK_FILE = `[Match]
Name=net0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
`;

/** With /sys read-only, systemd's network manager waits for no udev. */
const START_NETWORKD = `mount -o remount,ro /sys
mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd
mkdir -p /run/systemd/network && cp "$1" /run/systemd/network/10-net0.network
for folder in netif netif/links netif/leases netif/lldp; do install -d -o systemd-network /run/systemd/$folder; done
SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console exec ${NETWORKD}
`;

describeWith(
  ['root', 'ip', 'busybox', 'udhcpc', 'dhclient', 'dhcpcd', NETWORKD],
  'clients of bivouac serve',
  () => {
    const network = new ServedNetwork('clients');
    const file = (name: string): string => join(network.folder, name);

    beforeAll(async () => {
      for (const [name, text] of [
        ['bound', BOUND],
        ['suspicious', SUSPICIOUS],
      ] as const) {
        writeFileSync(file(name), text);
        chmodSync(file(name), 0o755);
      }
      writeFileSync(file('dhclient.conf'), 'initial-interval 1;\nbackoff-cutoff 2;\n');
      writeFileSync(file('net0.network'), NETWORK_FILE);
      network.plug();
      // Somebody else has this address, and answers ARP for it.
      network.net.ip(network.server, 'addr', 'add', `${IN_USE}/32`, 'dev', 'net0');
      await network.serve();
    });

    beforeEach(() => network.forget());
    afterEach(() => network.quiet());
    afterAll(() => network.down());

    /** What the server has on record of the leases that have not ended. */
    const leases = async (): Promise<readonly Lease[]> =>
      parseLeases(await network.bivouac('lease', 'list', '--json'));

    it('udhcpc: lease, renewal, release', async () => {
      const client = network.start('busybox', 'udhcpc', '-i', 'net0', '-f', '-R', '-s', file('bound'));
      await client.said('lease of 10.77.0.11 obtained from 10.77.0.1');
      client.signal('SIGUSR1');
      await client.said('sending renew');
      await expect.poll(() => client.output().match(/lease of 10\.77\.0\.11 obtained/g)).toHaveLength(2);
      client.signal('SIGUSR2');
      await client.said('entering released state');
      await client.stop();
      expect(await leases()).toEqual([]);
    });

    it('udhcpc: an address that another machine uses is declined', async () => {
      network.forget(STRANGER);
      const args = ['-i', 'net0', '-f', '-a', '-r', IN_USE, '-s', file('bound')];
      const client = network.start('busybox', 'udhcpc', ...args);
      await client.said('broadcasting decline');
      await client.stop();
      expect(await leases()).toContainEqual({ address: IN_USE, mac: STRANGER, state: 'declined' });
    });

    it('dhclient: NAK for an address of another network, lease, release', async () => {
      const [known, pid] = [file('dhclient.leases'), file('dhclient.pid')];
      writeFileSync(known, OLD_LEASE);
      const files = ['-4', '-v', '-sf', file('bound'), '-lf', known, '-pf', pid];
      const client = network.start('dhclient', '-d', '-1', ...files, 'net0');
      await client.said('DHCPREQUEST for 192.0.2.9');
      await client.said('DHCPNAK from 10.77.0.1');
      await client.said('bound to 10.77.0.11');
      await client.stop();
      expect(await network.run('dhclient', '-r', ...files, 'net0')).toContain('DHCPRELEASE of 10.77.0.11');
      expect((await leases()).map(({ mac }) => mac)).not.toContain(CARD.mac);
    });

    it('dhclient: what its script finds in use is declined, and another address is given', async () => {
      network.forget(OTHER_STRANGER);
      const files = ['-lf', file('other.leases'), '-pf', file('other.pid'), '-cf', file('dhclient.conf')];
      const client = network.start('dhclient', '-4', '-d', '-v', '-sf', file('suspicious'), ...files, 'net0');
      await client.said('DHCPDECLINE of 10.77.0.');
      await client.said('bound to 10.77.0.');
      await client.stop();
      const states = (await leases()).filter(({ mac }) => mac === OTHER_STRANGER).map(({ state }) => state);
      expect(states.sort()).toEqual(['bound', 'declined']);
    });

    it('dhcpcd: lease, rebinding, release', async () => {
      const start = `${OWN_STATE}; exec dhcpcd -4 -d -B -A -C resolv.conf -C timesyncd.conf net0`;
      const client = network.start('sh', '-c', start);
      await client.said('leased 10.77.0.11 for 60 seconds');
      // A signal that comes while it runs its hooks is lost.
      const tell = async (signal: NodeJS.Signals, text: string): Promise<void> => {
        const told = (): string => {
          client.signal(signal);
          return client.output();
        };
        await expect.poll(told, { interval: 1000, timeout: 20_000 }).toContain(text);
      };
      await tell('SIGHUP', 'rebinding lease of 10.77.0.11');
      await client.said('dhcpcd-run-hooks RENEW');
      await tell('SIGALRM', 'releasing lease of 10.77.0.11');
      await client.stop();
      expect((await leases()).map(({ mac }) => mac)).not.toContain(CARD.mac);
    });

    it('systemd-networkd: lease, release', async () => {
      const client = network.start('sh', '-c', START_NETWORKD, 'networkd', file('net0.network'));
      await client.said('DHCPv4 address 10.77.0.11/24 acquired from 10.77.0.1');
      client.signal('SIGTERM');
      await client.said('DHCPv4 client: RELEASE');
      await client.stop();
      expect((await leases()).map(({ mac }) => mac)).not.toContain(CARD.mac);
    });

    it('the client of npm’s dhcp reads what it is given', async () => {
      network.net.ip(network.client, 'addr', 'add', `${CARD.reserved}/24`, 'dev', 'net0');
      network.net.ip(network.client, 'route', 'add', 'default', 'dev', 'net0');
      const program = new URL('npm-dhcp.program.ts', import.meta.url).pathname;
      const state: unknown = JSON.parse(await network.run(process.execPath, program, CARD.mac));
      expect(state).toMatchObject({
        address: CARD.reserved,
        server: '10.77.0.1',
        leasePeriod: 60,
        renewPeriod: 30,
        options: { netmask: '255.255.255.0' },
      });
    });

    it('the client of npm’s tftp2 fetches the NBP', async () => {
      network.net.ip(network.client, 'addr', 'add', `${CARD.reserved}/24`, 'dev', 'net0');
      const program = new URL('npm-tftp2.program.ts', import.meta.url).pathname;
      await network.run(process.execPath, program, 'snponly.efi', file('fetched'));
      expect(readFileSync(file('fetched'))).toEqual(network.published?.nbp);
    });
  },
);

interface Lease {
  readonly address: string;
  readonly mac: string;
  readonly state: string;
}

function parseLeases(json: string): readonly Lease[] {
  const list = JSON.parse(json) as readonly Lease[];
  return list.map(({ address, mac, state }) => ({ address, mac, state }));
}
