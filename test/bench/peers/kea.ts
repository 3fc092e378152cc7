import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { POOL, SERVER_ADDRESS, SUBNET } from '../arena/arena.ts';
import { NBP, type Peer } from './peer.ts';

/** Kea's DHCPv4 with two threads and leases in a file, which it does not sync for each lease. */
export const kea: Peer = {
  name: 'kea',
  program: async ({ arena, tools }) => {
    const folder = arena.newFolder('kea');
    const config = join(folder, 'kea.json');
    writeFileSync(config, JSON.stringify({ Dhcp4: dhcp4(folder) }));
    return {
      name: 'kea',
      argv: [tools.get('kea-dhcp4').path, '-c', config],
      environment: { KEA_PIDFILE_DIR: folder, KEA_LOCKFILE_DIR: folder },
      ready: { protocol: 'udp', port: 67 },
    };
  },
};

function dhcp4(folder: string) {
  return {
    'interfaces-config': { interfaces: [`net0/${SERVER_ADDRESS}`], 'dhcp-socket-type': 'udp' },
    'multi-threading': { 'enable-multi-threading': true, 'thread-pool-size': 2, 'packet-queue-size': 64 },
    'lease-database': { type: 'memfile', persist: true, name: join(folder, 'leases.csv'), 'lfc-interval': 0 },
    'valid-lifetime': 3600,
    'next-server': SERVER_ADDRESS,
    'boot-file-name': NBP,
    subnet4: [
      { subnet: `${SUBNET.network}/${SUBNET.prefix}`, pools: [{ pool: `${POOL.first} - ${POOL.last}` }] },
    ],
    loggers: [{ name: 'kea-dhcp4', severity: 'ERROR', output_options: [{ output: 'stderr' }] }],
  };
}
