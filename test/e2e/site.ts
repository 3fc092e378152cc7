import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';

/** A site for boots in the lab: this repository's images and boot files, hosts of its own. */
export interface LabSite {
  /** Path of its configuration file. */
  readonly config: string;
  /** Private key that opens root's account on its hosts. */
  readonly sshKey: string;
  readonly data: string;
}

/** The checkout. */
export const ROOT = resolve(import.meta.dirname, '../..');

/** Data directory of these tests, kept between runs. */
export const DATA = join(ROOT, '.bivouac-test');

/**
 * Make the site below a folder: the demo's, with a key of ours on each host. The data directory is kept between
 * runs, so that a second run builds only what changed. `change` may add to the copied hosts.
 */
export async function makeLabSite(
  folder: string,
  data: string,
  change: (hosts: string) => void = () => undefined,
): Promise<LabSite> {
  const hosts = join(folder, 'hosts');
  cpSync(join(ROOT, 'hosts'), hosts, { recursive: true });
  const sshKey = join(folder, 'key');
  await commandRunner.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', sshKey]);
  for (const name of ['web01', 'web02']) admitKey(hosts, name, readFileSync(`${sshKey}.pub`, 'utf8'));
  change(hosts);
  const config = join(folder, 'bivouac.yml');
  const directories = `{images: ${join(ROOT, 'images')}, hosts: ${hosts}, boot: ${join(ROOT, 'boot')}}`;
  const server = `server: {address: 10.77.0.1, data: ${data}}`;
  const dhcp = 'dhcp: {subnets: [{subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199, lease: 1h}]}';
  writeFileSync(
    config,
    [server, dhcp, 'boot: {on_failure: reboot}', `directories: ${directories}`, ''].join('\n'),
  );
  return { config, sshKey, data };
}

function admitKey(hosts: string, name: string, publicKey: string): void {
  const folder = join(hosts, name, 'root/.ssh');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'authorized_keys'), publicKey);
  const file = join(hosts, `${name}.yml`);
  const entries = ['  /root/.ssh/: {mode: "0700"}', '  /root/.ssh/authorized_keys: {mode: "0600"}'];
  const text = readFileSync(file, 'utf8');
  const withFiles = /^files:$/m.test(text)
    ? text.replace(/^files:$/m, ['files:', ...entries].join('\n'))
    : `${text.trimEnd()}\nfiles:\n${entries.join('\n')}\n`;
  writeFileSync(file, withFiles);
}

/** Build images by the program, one after another, and tell how it goes. */
export async function buildImages(config: string, ...images: readonly string[]): Promise<void> {
  const program = [process.execPath, join(ROOT, 'src/main.ts'), '--config', config] as const;
  const log = (line: string): void => console.log(line);
  for (const image of images) await commandRunner.run([...program, 'build', image], { log });
}
