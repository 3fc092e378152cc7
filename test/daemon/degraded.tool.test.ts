import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mac } from '../../src/core/address.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients } from './dhcp-client.ts';
import { ask } from './http-client.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite, writeHost } from './site.ts';

const MAC = '52:54:00:aa:bb:07' as Mac;

// Where the storage of the build engine should be a folder, there is a file.
describeWith(['root', 'setpriv'], 'a server that cannot build', () => {
  let site: DaemonSite;
  let server: ServerProcess;
  let clients: DhcpClients;

  beforeAll(async () => {
    site = makeSite();
    writeHost(site, 'web01', `mac: ${MAC}\naddress: ${site.at(9, 1)}\nimage: web\n`);
    mkdirSync(site.data, { recursive: true });
    writeFileSync(join(site.data, 'containers'), '');
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
  });

  afterAll(async () => {
    clients.close();
    await server.kill();
    site.remove();
  });

  test('gives hosts their addresses and answers over HTTP all the same', async () => {
    expect(await clients.lease(MAC)).toBe(site.at(9, 1));
    expect((await ask(site, '/readyz')).status).toBe(200);
  });

  test('says so in its log, with the reason', () => {
    expect(server.log).toMatch(/"reason":"[^"]*containers[^"]*".*builds do not run/);
  });
});
