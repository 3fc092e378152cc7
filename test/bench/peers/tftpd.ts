import { SERVER_ADDRESS } from '../arena/arena.ts';
import type { Peer } from './peer.ts';

/** atftpd: a thread for each transfer; it knows the option windowsize. */
export const atftpd: Peer = {
  name: 'atftpd',
  program: async ({ tools, files }) => ({
    name: 'atftpd',
    argv: [
      tools.get('atftpd').path,
      '--daemon',
      '--no-fork',
      '--bind-address',
      SERVER_ADDRESS,
      '--user',
      'root.root',
      '--maxthread',
      '4096',
      '--no-multicast',
      '--logfile',
      '/dev/null',
      files.tftp,
    ],
    ready: { protocol: 'udp', port: 69 },
  }),
};

/** tftpd-hpa: a process for each transfer. */
export const tftpdHpa: Peer = {
  name: 'tftpd-hpa',
  program: async ({ tools, files }) => ({
    name: 'tftpd-hpa',
    argv: [
      tools.get('in.tftpd').path,
      '--foreground',
      '--listen',
      '--user',
      'root',
      '--address',
      `${SERVER_ADDRESS}:69`,
      '--secure',
      files.tftp,
    ],
    ready: { protocol: 'udp', port: 69 },
  }),
};
