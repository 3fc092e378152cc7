import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { AnsiblePlaybooks } from '../../../src/adapters/ansible/ansible.ts';
import { commandRunner } from '../../../src/adapters/command.ts';
import { ansibleSettings } from '../../../src/config/ansible.ts';
import { aHost, hostName } from '../../builders.ts';
import { describeWith } from '../../requirements.ts';
import { temporaryFolder } from '../../temporary.ts';

const INVENTORY = `[webservers]
web[1:3]
web9
master-web
[databases]
db1
master-db
[up]
web1
db1
`;

describeWith(['ansible'], 'the hosts of a pattern', () => {
  const folder = temporaryFolder();
  const tree = { directory: folder, commit: undefined };
  const playbooks = new AnsiblePlaybooks({
    settings: ansibleSettings(undefined, folder),
    images: folder,
    directory: join(folder, 'mirror'),
    commands: commandRunner,
  });

  beforeAll(() => {
    writeFileSync(join(folder, 'inventory'), INVENTORY);
    mkdirSync(join(folder, 'run'));
  });

  it.each([
    ['webservers', ['web1', 'web2', 'web3', 'web9']],
    ['webservers:!web9', ['web1', 'web2', 'web3']],
    ['webservers,databases,!webservers[0:2]', ['db1', 'web9']],
    ['databases:webservers:&up', ['db1', 'web1']],
    ['web[1:2]', []],
    ['webservers[0:1]', ['web1', 'web2']],
    ['~(web|db)1', ['db1', 'web1']],
    ['!webservers', ['db1', 'new1']],
    ['new*', ['new1']],
    // As in the reference system, names of images in the inventory are no hosts.
    ['master-*', []],
    ['all', ['db1', 'new1', 'web1', 'web2', 'web3', 'web9']],
  ])('%j is as for --limit', async (pattern, hosts) => {
    const inventory = [aHost({ name: hostName('new1') }), aHost({ name: hostName('master-x') })];
    const { signal } = new AbortController();
    const selected = await playbooks.select(pattern, {
      tree,
      inventory,
      folder: join(folder, 'run'),
      signal,
    });
    expect([...selected].sort()).toEqual(hosts);
  });
});
