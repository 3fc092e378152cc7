import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Mac } from '../../src/core/address.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients } from './dhcp-client.ts';
import { askApi, type HttpAnswer } from './http-client.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite } from './site.ts';

const MAC = '52:54:00:aa:bb:01' as Mac;
const SPELLINGS = [
  '52:54:00:aa:bb:01',
  '52:54:00:AA:BB:01',
  '52-54-00-aa-bb-01',
  '52-54-00-AA-BB-01',
  '5254.00aa.bb01',
  '5254.00AA.BB01',
  '525400aabb01',
  '525400AABB01',
];

describeWith(['root', 'buildah', 'setpriv'], 'hosts registered over HTTP', () => {
  let site: DaemonSite;
  let server: ServerProcess;
  let clients: DhcpClients;

  beforeAll(async () => {
    site = makeSite();
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
  });

  beforeEach(async () => {
    for (const { name } of await hosts()) expect((await remove(name)).status).toBe(204);
  });

  afterAll(async () => {
    clients.close();
    await server.kill();
    site.remove();
  });

  const put = (name: string, json: unknown): Promise<HttpAnswer> =>
    askApi(site, `/hosts/${name}`, { method: 'PUT', json });
  const remove = (name: string): Promise<HttpAnswer> => askApi(site, `/hosts/${name}`, { method: 'DELETE' });
  const hosts = async (query = ''): Promise<{ name: string; macs: string[] }[]> =>
    JSON.parse((await askApi(site, `/hosts${query}`)).text) as { name: string; macs: string[] }[];

  async function killAndRestart(): Promise<void> {
    await server.kill();
    server = await ServerProcess.start(site);
    expect(server.complaints).toEqual([]);
  }

  test('what was acknowledged outlives kill -9, and is in force', async () => {
    const address = site.at(9, 1);
    // The answer is read in the same turn of the event loop in which the signal is sent.
    const answer = await put('db01', { mac: MAC, address, image: 'web' }).finally(() =>
      server.signal('SIGKILL'),
    );
    expect(answer.status).toBe(201);
    await killAndRestart();
    expect(JSON.parse((await askApi(site, '/hosts/db01')).text)).toMatchObject({ macs: [MAC], address });
    expect(await clients.lease(MAC)).toBe(address);

    expect((await remove('db01')).status).toBe(204);
    await killAndRestart();
    expect((await askApi(site, '/hosts/db01')).status).toBe(404);
    expect(await clients.ask({ type: 'DISCOVER', mac: MAC }, { limit: 500 })).toBeUndefined();
  });

  test('many at once: those acknowledged before kill -9 are there, each whole', async () => {
    const acknowledged = new Set<string>();
    const all = Array.from({ length: 60 }, async (_, number) => {
      const name = `many${number}`;
      const octet = number.toString(16).padStart(2, '0');
      const answer = await put(name, { mac: `525400cc00${octet}`, image: 'web' }).catch(() => undefined);
      if (answer?.status !== 201) return;
      acknowledged.add(name);
      if (acknowledged.size === 20) server.signal('SIGKILL');
    });
    await Promise.all(all);
    await killAndRestart();
    expect(acknowledged.size).toBeGreaterThanOrEqual(20);
    const names = new Set((await hosts()).map(({ name }) => name));
    expect([...acknowledged].filter((name) => !names.has(name))).toEqual([]);
  });

  test.each(SPELLINGS)('the spelling %s is the one canonical form', async (mac) => {
    expect((await put('db01', { mac, image: 'web' })).status).toBe(201);
    expect(await hosts()).toMatchObject([{ name: 'db01', macs: [MAC] }]);
    for (const other of SPELLINGS) {
      expect(await hosts(`?mac=${encodeURIComponent(other)}`)).toMatchObject([{ name: 'db01' }]);
      const taken = await put('db02', { mac: other, image: 'web' });
      expect(taken.status).toBe(409);
      expect(taken.text).toContain('belongs to host \\"db01\\"');
    }
    expect((await put('db01', { mac, image: 'web' })).status).toBe(200);
  });

  test('a MAC is free again when its host is gone, and only then', async () => {
    expect((await put('db01', { macs: [MAC, '525400aabb02'], image: 'web' })).status).toBe(201);
    expect((await put('db02', { mac: '52-54-00-AA-BB-02', image: 'web' })).status).toBe(409);
    expect((await remove('db01')).status).toBe(204);
    expect((await remove('db01')).status).toBe(404);
    expect((await put('db02', { mac: '52-54-00-AA-BB-02', image: 'web' })).status).toBe(201);
  });

  test.each([
    ['a MAC of five octets', { mac: '52:54:00:aa:bb', image: 'web' }],
    ['a group MAC', { mac: '01:00:5e:00:00:01', image: 'web' }],
    ['an unknown image', { mac: MAC, image: 'wbe' }],
    ['an unknown key', { mac: MAC, image: 'web', colour: 'blue' }],
    ['an address outside the subnet', { mac: MAC, image: 'web', address: '10.1.2.3' }],
    ['a kernel argument with a new line', { mac: MAC, image: 'web', cmdline: ['a\nb'] }],
  ])('%s is refused and leaves nothing', async (_what, json) => {
    expect((await put('db01', json)).status).toBe(400);
    expect(await hosts()).toEqual([]);
  });
});
