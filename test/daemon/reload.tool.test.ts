import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ipv4, Mac } from '../../src/core/address.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients } from './dhcp-client.ts';
import { askApi } from './http-client.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite, writeHost } from './site.ts';

const MAC = '52:54:00:aa:bb:01' as Mac;
const SOON = { interval: 20 };

describeWith(['root', 'buildah', 'setpriv'], 'files changed while the server runs', () => {
  let site: DaemonSite;
  let server: ServerProcess;
  let clients: DhcpClients;

  beforeAll(async () => {
    site = makeSite();
    writeHost(site, 'db01', hostText(site.at(9, 1)));
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
  });

  afterAll(async () => {
    clients.close();
    await server.kill();
    site.remove();
  });

  const hostText = (address: Ipv4): string => `mac: ${MAC}\naddress: ${address}\nimage: web\n`;
  const offered = async (): Promise<Ipv4 | undefined> =>
    (await clients.ask({ type: 'DISCOVER', mac: MAC }, { limit: 1000 }))?.yiaddr;
  const linesWith = (text: string): number =>
    server.log.split('\n').filter((line) => line.includes(text)).length;
  // A slow machine may see one change of a file as two.
  const logged = (text: string, count = 1) =>
    expect.poll(() => linesWith(text), SOON).toBeGreaterThanOrEqual(count);

  test('a fault keeps the old site in force and is logged with its place; the mended file needs no restart', async () => {
    expect(await offered()).toBe(site.at(9, 1));
    writeHost(site, 'db01', hostText(site.at(9, 2)).replace('image: web', 'image: wbe\ncolour: blue'));
    await logged(`${join(site.hosts, 'db01.yml')}:3:8: There is no image \\"wbe\\"`);
    await logged(`${join(site.hosts, 'db01.yml')}:4:1: `);
    expect(linesWith('configuration kept as it was')).toBeGreaterThanOrEqual(2);
    expect(await offered()).toBe(site.at(9, 1));
    writeHost(site, 'db01', hostText(site.at(9, 2)));
    await expect.poll(offered, SOON).toBe(site.at(9, 2));
    await logged('"configuration reloaded"');
  });

  test('SIGHUP says the same, and takes up files at once', async () => {
    const reloads = linesWith('"configuration reloaded"');
    server.signal('SIGHUP');
    await logged('"configuration reloaded"', reloads + 1);
    writeHost(site, 'db01', 'mac: [\n');
    server.signal('SIGHUP');
    await expect.poll(() => linesWith(`${join(site.hosts, 'db01.yml')}:2:1: `), SOON).toBeGreaterThan(0);
    expect(await offered()).toBe(site.at(9, 2));
    writeHost(site, 'db01', hostText(site.at(9, 3)));
    server.signal('SIGHUP');
    await expect.poll(offered, SOON).toBe(site.at(9, 3));
  });

  test('a broken image tree is no reason to forget images, hosts or the API', async () => {
    writeFileSync(join(site.images, 'config.yml'), 'trixie: {from: trixie, web: {stages: [none.sh]}}\n');
    await expect.poll(() => linesWith(`${join(site.images, 'config.yml')}:1:`), SOON).toBeGreaterThan(0);
    expect(await offered()).toBe(site.at(9, 3));
    const images = JSON.parse((await askApi(site, '/images')).text) as { name: string }[];
    expect(images.map(({ name }) => name).sort()).toEqual(['nbp', 'trixie', 'web']);
    expect(server.isRunning).toBe(true);
  });
});
