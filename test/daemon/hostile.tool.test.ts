import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ipv4, Mac } from '../../src/core/address.ts';
import { encodePacket } from '../../src/wire/dhcp/packet.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients, macNumber } from './dhcp-client.ts';
import { CLOSED, httpRows } from './hostile-http.ts';
import { dhcpRows, mutated, noise, pseudoRandom, tftpRows } from './hostile-input.ts';
import { ask, sendRaw } from './http-client.ts';
import { type Published, publish } from './published.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite, writeHost } from './site.ts';
import { fetchTftp, sendTftp } from './tftp-client.ts';

const MAC = '52:54:00:aa:bb:01' as Mac;
const MEBIBYTE = 1024 * 1024;

describeWith(['root', 'buildah', 'setpriv'], 'hostile input to the whole server', () => {
  let site: DaemonSite;
  let server: ServerProcess;
  let clients: DhcpClients;
  let published: Published;
  let address: Ipv4;
  let descriptors = 0;

  beforeAll(async () => {
    site = makeSite({ unknownHosts: '{image: web}' });
    address = site.at(9, 1);
    writeHost(site, 'web01', `mac: ${MAC}\naddress: ${address}\nimage: web\n`);
    published = await publish(site);
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
    await goodClientIsServed();
    descriptors = server.descriptors;
  });

  afterAll(async () => {
    clients.close();
    await server.kill();
    site.remove();
  });

  const artefact = (): string => `/artefacts/sha256/${published.layerHex}`;

  async function goodDhcpClientIsServed(): Promise<void> {
    expect((await clients.ask({ type: 'DISCOVER', mac: MAC }, { limit: 2000 }))?.yiaddr).toBe(address);
  }

  async function goodClientIsServed(): Promise<void> {
    expect(await clients.lease(MAC)).toBe(address);
    expect((await fetchTftp(site, 'snponly.efi')).equals(published.nbp)).toBe(true);
    expect((await ask(site, artefact())).body.equals(published.layer)).toBe(true);
    const script = await ask(site, '/boot/script/52-54-00-aa-bb-01', { from: address });
    expect([script.status, script.text.startsWith('#!ipxe')]).toEqual([200, true]);
  }

  /** Send datagrams, with a good client now and then, so that none is lost for want of room in a buffer. */
  async function flood(
    count: number,
    make: (number: number) => Uint8Array,
    send = (bytes: Uint8Array) => clients.send(bytes),
  ): Promise<void> {
    for (let number = 0; number < count; number++) {
      await send(make(number));
      if (number % 200 === 199) await goodDhcpClientIsServed();
    }
  }

  test('each listed DHCP message leaves the next client served', async () => {
    for (const [name, datagrams] of dhcpRows(clients)) {
      for (const bytes of datagrams) await clients.send(bytes);
      const reply = await clients.ask({ type: 'DISCOVER', mac: MAC }, { limit: 2000 });
      expect([name, reply?.yiaddr]).toEqual([name, address]);
    }
  });

  test('each listed TFTP request leaves the next client served', async () => {
    for (const [name, datagrams] of tftpRows()) {
      await sendTftp(site, ...datagrams);
      const content = await fetchTftp(site, '/SNPONLY.EFI');
      expect([name, content.equals(published.nbp)]).toEqual([name, true]);
    }
  });

  test('each listed HTTP request is answered as it deserves', async () => {
    const rows = httpRows(site.address, artefact(), published.layer.length);
    const answers = await Promise.all(
      rows.map(({ request }) => sendRaw(site, Buffer.from(request, 'latin1'))),
    );
    const wrong = rows.flatMap(({ name, statuses }, at) => {
      const answer = answers[at] ?? '';
      const status = answer === '' ? CLOSED : Number(answer.split(' ', 2)[1]);
      const leaks = /root:x:0|evil|chunked/i.test(answer.slice(0, 2000));
      return statuses.includes(status) && !leaks ? [] : [`${name}: ${answer.slice(0, 200)}`];
    });
    expect(wrong).toEqual([]);
    await goodClientIsServed();
  });

  test('one MAC that asks thousands of times has one address; what it may not say changes nothing', async () => {
    const mac = macNumber(2);
    const lease = await clients.lease(mac);
    if (lease === undefined) throw new Error('The client got no lease');
    await flood(3000, () => encodePacket(clients.packet({ type: 'DISCOVER', mac })));
    const [other, server] = [macNumber(3), site.address];
    for (const message of [
      { type: 'DECLINE', mac: other, requested: lease, server },
      { type: 'RELEASE', mac: other, ciaddr: lease, server },
      { type: 'DECLINE', mac: other, requested: address, server },
      { type: 'RELEASE', mac, ciaddr: lease, server }, // not sent from that address
      { type: 'DECLINE', mac, requested: site.address, server },
    ] as const)
      await clients.send(encodePacket(clients.packet(message)));
    expect(await clients.lease(mac)).toBe(lease);
    await goodClientIsServed();
  });

  test('made-up clients that ask for every address keep no known host from its own', async () => {
    await flood(2500, (number) =>
      encodePacket(clients.packet({ type: 'DISCOVER', mac: macNumber(10_000 + number) })),
    );
    await goodClientIsServed();
  });

  test('memory and descriptors come back after noise of all kinds', { timeout: 90_000 }, async () => {
    await barrage(1);
    const before = server.memory;
    await barrage(2);
    await barrage(3);
    await expect.poll(() => server.memory, { timeout: 10_000 }).toBeLessThan(before + 64 * MEBIBYTE);
    await expect.poll(() => server.descriptors, { timeout: 15_000 }).toBeLessThan(descriptors + 20);
    await goodClientIsServed();
  });

  async function barrage(seed: number): Promise<void> {
    const random = pseudoRandom(seed);
    const good = dhcpRows(clients)
      .flatMap(([, datagrams]) => datagrams)
      .filter(({ length }) => length >= 240 && length < 2000);
    const reads = tftpRows()
      .flatMap(([, datagrams]) => datagrams)
      .filter(({ length }) => length < 600);
    const pick = (list: readonly Uint8Array[]): Uint8Array =>
      list[Math.floor(random() * list.length)] ?? noise(10, random);
    await flood(1500, () =>
      random() < 0.2 ? noise(Math.floor(random() * 600), random) : mutated(pick(good), random),
    );
    await flood(
      600,
      () => mutated(pick(reads), random),
      (bytes) => sendTftp(site, bytes),
    );
    const requests = httpRows(site.address, artefact(), published.layer.length).map(({ request }) =>
      Buffer.from(request.slice(0, 2000), 'latin1'),
    );
    await Promise.all(
      Array.from({ length: 60 }, () => sendRaw(site, Buffer.from(mutated(pick(requests), random)), 300)),
    );
    await silentConnections(200);
  }

  /** F9: connections that say nothing and are then cut. */
  async function silentConnections(count: number): Promise<void> {
    const sockets = await Promise.all(Array.from({ length: count }, () => openSocket(site)));
    await goodDhcpClientIsServed();
    expect((await ask(site, '/healthz')).text).toBe('ok\n');
    for (const socket of sockets) socket.resetAndDestroy();
  }

  test('the log of all that is bounded, and nothing in it steers a terminal or forges a line', async () => {
    const lines = server.log.split('\n');
    expect(lines.length).toBeLessThan(2000);
    expect(server.log).toContain('TFTP file not found');
    expect(lines.filter((line) => line.length >= 4096)).toEqual([]);
    expect(lines.filter((line) => /[\x00-\x1f\x7f-\x9f]/.test(line))).toEqual([]);
    const texts = server.records.flatMap((record) => Object.entries(record).filter(([key]) => key !== 'err'));
    expect(
      texts.filter(([, value]) => typeof value === 'string' && /[\x00-\x1f\x7f-\x9f]/.test(value)),
    ).toEqual([]);
    expect(server.records.filter(({ level }) => level === 'fatal')).toEqual([]);
    expect(server.records.filter(({ msg }) => msg.startsWith('no JSON'))).toEqual([]);
    expect(await server.stop()).toBe(0);
  });
});

function openSocket(site: DaemonSite): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(site.ports.http, site.address, () => resolve(socket));
    socket.on('error', reject);
  });
}
