import { join } from 'node:path';
import { POOL, SERVER_ADDRESS, SUBNET } from '../arena/arena.ts';
import { NBP, type Peer } from './peer.ts';

const COMMON = ['--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', '--pid-file='];

/**
 * dnsmasq's TFTP for as many transfers at a time as are asked for, with a port for each: with `--tftp-single-port` it
 * looks through all transfers for each packet, and takes twice the CPU.
 */
export const dnsmasqTftp: Peer = {
  name: 'dnsmasq',
  program: async ({ tools, files }) => ({
    name: 'dnsmasq',
    argv: [
      tools.get('dnsmasq').path,
      ...COMMON,
      `--listen-address=${SERVER_ADDRESS}`,
      '--bind-interfaces',
      '--enable-tftp',
      `--tftp-root=${files.tftp}`,
      '--tftp-max=4096',
      '--log-facility=/dev/null',
    ],
    ready: { protocol: 'udp', port: 69 },
  }),
};

/** dnsmasq's DHCP with a lease file, and without the ping before an offer, which would take 3 s for each client. */
export const dnsmasqDhcp: Peer = {
  name: 'dnsmasq',
  program: async ({ arena, tools }) => ({
    name: 'dnsmasq',
    argv: [
      tools.get('dnsmasq').path,
      ...COMMON,
      '--interface=net0',
      '--bind-interfaces',
      `--dhcp-range=${POOL.first},${POOL.last},${SUBNET.mask},1h`,
      '--dhcp-lease-max=200000',
      `--dhcp-leasefile=${join(arena.newFolder('dnsmasq'), 'leases')}`,
      `--dhcp-boot=${NBP}`,
      '--no-ping',
      '--quiet-dhcp',
      '--log-facility=/dev/null',
    ],
    ready: { protocol: 'udp', port: 67 },
  }),
};
