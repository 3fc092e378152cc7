import { relative } from 'node:path';
import type { Site } from '../../config/site.ts';
import { inNetwork } from '../../lab/network.ts';
import type { Lab, LabHost } from './session.ts';

/** How a person reaches what a lab that is kept running offers, as commands to paste. */
export function reachHints(lab: Lab, hosts: readonly LabHost[], site: Site): string {
  const inside = inNetwork(lab.network).join(' ');
  const here = (path: string): string => relative(process.cwd(), path) || path;
  const token = `$(cat ${here(site.directories.data)}/admin-token)`;
  const lines = [
    'API',
    `  ${inside} curl -H "Authorization: Bearer ${token}" ${site.policy.subnets[0].baseUrl}/api/v1/hosts`,
    'Pages',
    ...hosts.flatMap(({ host }) =>
      host.address === undefined ? [] : [`  ${inside} curl http://${host.address}/`],
    ),
    'Consoles (leave with Ctrl-])',
    ...lab.powered.map(
      ({ consoleSocket }) => `  socat -,raw,echo=0,escape=0x1d UNIX-CONNECT:${here(consoleSocket)}`,
    ),
    'Timelines',
    ...hosts.map(
      ({ host }) =>
        `  npm run --silent bivouac -- --config ${here(site.file)} host show ${host.name} --boot last`,
    ),
  ];
  return lines.join('\n');
}
