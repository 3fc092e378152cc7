import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ipv4, Mac } from '../../src/core/address.ts';
import { macWithDashes } from '../../src/core/address.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients } from './dhcp-client.ts';
import { ask, askApi } from './http-client.ts';
import { publish } from './published.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite, writeHost } from './site.ts';

const MAC = '52:54:00:aa:bb:01' as Mac;

describeWith(['root', 'buildah', 'setpriv', 'ssh-keygen'], 'secrets of a running server', () => {
  let site: DaemonSite;
  let first: ServerProcess;
  let server: ServerProcess;
  let clients: DhcpClients;
  let address: Ipv4;

  beforeAll(async () => {
    site = makeSite();
    address = site.at(9, 1);
    writeHost(site, 'web01', `mac: ${MAC}\naddress: ${address}\nimage: web\n`);
    await publish(site);
    first = await ServerProcess.start(site);
    await first.kill();
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
  });

  afterAll(async () => {
    clients.close();
    await server.kill();
    site.remove();
  });

  test('the admin token is in a file of mode 0600 and is printed at the first start only', () => {
    const token = site.adminToken();
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(statSync(join(site.data, 'admin-token')).mode & 0o7777).toBe(0o600);
    expect(first.output.split(token)).toHaveLength(2);
    expect(server.output).not.toContain(token);
    expect(first.log + server.log).not.toContain(token);
  });

  test.each([
    ['no token', {}],
    ['a wrong token', { authorization: `Bearer ${'x'.repeat(43)}` }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['a password', { authorization: `Basic ${Buffer.from('admin:admin').toString('base64')}` }],
  ])('the API refuses %s, on each route and each way to write it', async (_what, headers) => {
    const paths = [
      '/api',
      '/api/v1',
      '/api/v1/hosts',
      '/api/v1/none',
      '/%61pi/v1/hosts',
      '//api/v1/hosts',
      '/API/v1/hosts',
    ];
    for (const path of [...paths, `/api/v1/hosts?token=${site.adminToken()}`]) {
      const { status, text } = await ask(site, path, { headers });
      expect([401, 404].includes(status), `${path}: ${status}`).toBe(true);
      expect(text).not.toContain('web01');
    }
    expect((await ask(site, '/api/v1/hosts', { headers })).status).toBe(401);
    const build = { method: 'POST', json: { image: 'web' }, headers };
    expect((await ask(site, '/api/v1/builds', build)).status).toBe(401);
    expect((await askApi(site, '/builds')).text).toBe('[]\n'.trim());
  });

  test('a boot token opens the host its own secrets, to nobody else, and is in no log', async () => {
    expect(await clients.lease(MAC)).toBe(address);
    const path = `/boot/script/${macWithDashes(MAC)}`;
    expect((await ask(site, path, { from: site.at(9, 2) })).status).toBe(403);
    const script = await ask(site, path, { from: address });
    const token = /\/boot\/env\?token=([A-Za-z0-9_-]{43})/.exec(script.text)?.[1] ?? '';
    expect(token).not.toBe('');
    const headers = { authorization: `Bearer ${token}` };
    const env = `/boot/env?token=${token}`;
    expect((await ask(site, env, { from: address })).text).toContain(`BIVOUAC_TOKEN=${token}`);
    expect((await ask(site, env, { from: site.at(9, 2) })).status).toBe(403);
    for (const name of ['manifest', 'conffs']) {
      expect((await ask(site, `/boot/${name}`, { from: address, headers })).status).toBe(200);
      expect((await ask(site, `/boot/${name}`, { from: site.at(9, 2), headers })).status).toBe(403);
      expect((await ask(site, `/boot/${name}`, { from: address })).status).toBe(403);
    }
    expect((await ask(site, '/api/v1/hosts', { headers, from: address })).status).toBe(401);
    expect(readableByOthers(site.data)).toEqual([]);
    await server.kill();
    expect(server.log).not.toContain(token);
    expect(server.log).not.toContain(site.adminToken());
    // Only its hash is kept.
    for (const name of readdirSync(site.data).filter((each) => each.startsWith('bivouac.db')))
      expect(readFileSync(join(site.data, name), 'latin1')).not.toContain(token);
    server = await ServerProcess.start(site);
    expect((await ask(site, '/boot/manifest', { from: address, headers })).status).toBe(200);
  });
});

/** Paths of secrets, among them the host keys just made, that someone but root could read; the folder itself bars the way to all. */
function readableByOthers(data: string): readonly string[] {
  const secrets = readdirSync(join(data, 'secrets'), { recursive: true, encoding: 'utf8' });
  expect(secrets).toContain('hosts/web01/ssh_host_ed25519_key.json');
  const paths = [
    data,
    join(data, 'admin-token'),
    join(data, 'bivouac.db'),
    ...secrets.map((name) => join(data, 'secrets', name)),
  ];
  return paths.filter((path) => (statSync(path).mode & 0o077) !== 0);
}
