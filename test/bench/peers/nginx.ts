import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SERVER_ADDRESS } from '../arena/arena.ts';
import type { Peer } from './peer.ts';

/** nginx with one worker and sendfile, as Bivouac has one process. */
export const nginx: Peer = {
  name: 'nginx',
  program: async ({ arena, tools, files }) => {
    const folder = arena.newFolder('nginx');
    mkdirSync(join(folder, 'temp'));
    writeFileSync(join(folder, 'nginx.conf'), configText(folder, files.http));
    const files_ = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')];
    return {
      name: 'nginx',
      argv: [tools.get('nginx').path, ...files_],
      ready: { protocol: 'tcp', port: 80 },
    };
  },
};

function configText(folder: string, root: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return [
    'daemon off;',
    'user root;',
    'worker_processes 1;',
    'worker_rlimit_nofile 20000;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 8192; }',
    'http {',
    '  access_log off;',
    '  sendfile on;',
    '  tcp_nopush on;',
    '  keepalive_requests 1000000;',
    '  default_type application/octet-stream;',
    ...temporary.map((name) => `  ${name}_temp_path ${folder}/temp/${name};`),
    `  server { listen ${SERVER_ADDRESS}:80 backlog=4096; root ${root}; }`,
    '}',
    '',
  ].join('\n');
}
