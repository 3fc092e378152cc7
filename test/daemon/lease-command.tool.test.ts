import { join } from 'node:path';
import SqliteFile from 'better-sqlite3';
import { afterEach, expect, test } from 'vitest';
import type { Ipv4 } from '../../src/core/address.ts';
import type { Lease } from '../../src/core/lease.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients, isAck, macNumber } from './dhcp-client.ts';
import { bivouac, ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite } from './site.ts';

describeWith(['root', 'setpriv'], 'leases of a server that runs', () => {
  let site: DaemonSite;
  let server: ServerProcess | undefined;
  let clients: DhcpClients | undefined;

  afterEach(async () => {
    clients?.close();
    await server?.kill();
    site.remove();
  });

  async function start(): Promise<DhcpClients> {
    site = makeSite({ unknownHosts: '{image: web}' });
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
    return clients;
  }

  const call = (path: string, method = 'GET') =>
    fetch(`http://${site.address}:${site.ports.http}${path}`, {
      method,
      headers: { authorization: `Bearer ${site.adminToken()}` },
    });
  const known = async () =>
    ((await (await call('/api/v1/leases')).json()) as Lease[]).map((one) => one.address);
  const listed = async (...options: string[]) =>
    (JSON.parse(await bivouac(site, '--json', 'lease', 'list', ...options)) as Lease[]).map(
      (one) => one.address,
    );

  async function lease(number: number): Promise<Ipv4> {
    const address = await clients?.lease(macNumber(number));
    if (address === undefined) throw new Error('The client got no lease');
    return address;
  }

  test('are listed, and released by address, by MAC and over the API, whether the server runs or not', async () => {
    await start();
    const [first, second, third] = [await lease(1), await lease(2), await lease(3)];
    expect((await listed()).sort()).toEqual([first, second, third].sort());
    expect(await listed('--subnet', '192.0.2.0/24')).toEqual([]);
    expect(await bivouac(site, 'lease', 'release', first)).toBe(`released ${first} of ${macNumber(1)}\n`);
    await expect.poll(known).not.toContain(first);
    expect((await call(`/api/v1/leases/${second}`, 'DELETE')).status).toBe(204);
    expect(await listed()).toEqual([third]);
    await server?.stop();
    await bivouac(site, 'lease', 'release', macNumber(3));
    expect(await listed('--expired')).toEqual([]);
    server = await ServerProcess.start(site);
    expect(await known()).toEqual([]);
    expect(await lease(3)).toBe(third);
    await expect(bivouac(site, 'lease', 'release', 'nobody')).rejects.toThrow(/there is no such lease/);
  });

  test('wait for a write lock of another process; nothing else does', async () => {
    const at = await start();
    await lease(1);
    const blocker = new SqliteFile(join(site.data, 'bivouac.db'));
    blocker.exec('BEGIN IMMEDIATE');
    const offer = await at.ask({ type: 'DISCOVER', mac: macNumber(2) });
    if (offer === undefined) throw new Error('A locked database keeps hosts from an offer');
    let isAcknowledged = false;
    const asked = at
      .ask({ type: 'REQUEST', mac: macNumber(2), requested: offer.yiaddr, server: site.address })
      .then((reply) => (isAcknowledged = isAck(reply)));
    expect((await fetch(`http://${site.address}:${site.ports.http}/healthz`)).status).toBe(200);
    expect(isAcknowledged).toBe(false);
    blocker.exec('COMMIT');
    blocker.close();
    await asked;
    expect(isAcknowledged).toBe(true);
  });

  test('are in the metrics', async () => {
    await start();
    await lease(1);
    expect((await fetch(`http://${site.address}:${site.ports.http}/metrics`)).status).toBe(401);
    const text = await (await call('/metrics')).text();
    expect(text).toContain('bivouac_dhcp_messages_total{message="REQUEST",outcome="ACK"} 1\n');
    expect(text).toContain('bivouac_leases{state="bound"} 1\n');
    expect(text).toMatch(/bivouac_pool_addresses\{subnet="127\.\d+\.0\.0\/16",state="leased"\} 1\n/);
    expect(text).toMatch(/bivouac_commit_seconds_count [1-9]/);
    for (const name of ['tftp_requests', 'http_connections']) expect(text).toContain(`bivouac_${name}`);
  });
});
