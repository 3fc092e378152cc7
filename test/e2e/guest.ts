import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';
import type { Lab } from '../../src/cli/lab/session.ts';
import type { Host } from '../../src/core/host.ts';
import { inNetwork } from '../../src/lab/network.ts';
import type { LabSite } from './site.ts';

/** A booted host that is asked over SSH. */
export interface Guest {
  /** Standard output of a shell command on the host, trimmed. The host must show the key that the server keeps for it. */
  shell(command: string): Promise<string>;
}

/** The host as a guest; its key is known beforehand from the server's secrets, so no other host can stand in for it. */
export function guestOf(host: Host, lab: Pick<Lab, 'network'>, site: LabSite): Guest {
  const address = host.address ?? '';
  const secret = readFileSync(
    join(site.data, 'secrets/hosts', host.name, 'ssh_host_ed25519_key.json'),
    'utf8',
  );
  const publicKey = /"public":"(ssh-ed25519 [A-Za-z0-9+/=]+)/.exec(secret)?.[1] ?? 'none';
  const knownHosts = `${site.sshKey}.${host.name}.known`;
  writeFileSync(knownHosts, `${address} ${publicKey}\n`);
  const options = [
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'BatchMode=yes',
    'ConnectTimeout=30',
  ];
  const ssh = ['ssh', '-i', site.sshKey, ...options.flatMap((option) => ['-o', option]), `root@${address}`];
  return {
    shell: async (command) => {
      const argv = [...inNetwork(lab.network), ...ssh, '--', command] as const;
      const { stdout } = await commandRunner.run(argv, { timeout: 120_000 });
      return stdout.trim();
    },
  };
}
