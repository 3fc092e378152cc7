import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Namespaces, Running } from '../interop/namespaces.ts';

/** Another DHCP server that is asked the same. */
export interface Peer {
  readonly name: string;
  readonly program: string;
  /** Start it in a namespace, with files of its own in a folder; the host has 10.77.0.11. */
  readonly start: (net: Namespaces, space: string, folder: string) => Promise<Running>;
  /** Where it differs from what we say, and why that is no fault. Keys: `exchange: field`; `*` for any exchange. */
  readonly differences: Readonly<Record<string, string>>;
}

const DNSMASQ: Peer = {
  name: 'dnsmasq',
  program: 'dnsmasq',
  start: async (net, space, folder) => {
    const args = [
      '--no-daemon',
      '--port=0',
      '--conf-file=/dev/null',
      `--dhcp-leasefile=${join(folder, 'dnsmasq.leases')}`,
      '--dhcp-range=10.77.0.100,10.77.0.199,255.255.255.0,3600',
      '--dhcp-host=52:54:00:77:00:01,10.77.0.11,web01',
      '--dhcp-option=option:router,10.77.0.1',
      '--dhcp-option=option:dns-server,10.77.0.1',
      '--domain=lab',
      '--log-dhcp',
      '--no-ping',
      '--user=root',
    ];
    const running = net.start(space, 'dnsmasq', ...args);
    await running.said('DHCP, IP range');
    return running;
  },
  differences: {
    '*: secs': 'it repeats what the client sends; table 3 says 0',
    '*: hops': 'it repeats what the relay agent sends; table 3 says 0',
    '*: client identifier': 'it does not return it, as RFC 2131 had it before RFC 6842',
  },
};

const KEA: Peer = {
  name: 'kea',
  program: 'kea-dhcp4',
  start: async (net, space, folder) => {
    const config = {
      Dhcp4: {
        'interfaces-config': { interfaces: ['net0'] },
        'lease-database': { type: 'memfile', persist: false },
        'valid-lifetime': 3600,
        subnet4: [
          {
            subnet: '10.77.0.0/24',
            pools: [{ pool: '10.77.0.100 - 10.77.0.199' }],
            reservations: [{ 'hw-address': '52:54:00:77:00:01', 'ip-address': '10.77.0.11' }],
            'option-data': [
              { name: 'routers', data: '10.77.0.1' },
              { name: 'domain-name-servers', data: '10.77.0.1' },
              { name: 'domain-name', data: 'lab' },
            ],
          },
        ],
        loggers: [{ name: 'kea-dhcp4', output_options: [{ output: 'stdout' }], severity: 'INFO' }],
      },
    };
    const file = join(folder, 'kea.json');
    writeFileSync(file, JSON.stringify(config));
    const mounts = 'mkdir -p /run/kea && mount -t tmpfs tmpfs /run/kea';
    const running = net.start(space, 'sh', '-c', `${mounts}; exec kea-dhcp4 -c "$1"`, 'kea', file);
    await running.said('DHCP4_STARTED');
    return running;
  },
  differences: {
    '*: hops': 'it repeats what the relay agent sends; table 3 says 0',
    'INIT-REBOOT, wrong network, relayed: flags':
      'it leaves the broadcast flag as it is; section 4.3.2 has it set, so that the NAK is broadcast',
  },
};

export const PEERS: readonly Peer[] = [DNSMASQ, KEA];
