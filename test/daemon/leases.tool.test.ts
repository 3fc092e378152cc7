import { afterEach, expect, test } from 'vitest';
import type { Ipv4, Mac } from '../../src/core/address.ts';
import { messageType } from '../../src/wire/dhcp/options.ts';
import { describeWith } from '../requirements.ts';
import { DhcpClients, macNumber } from './dhcp-client.ts';
import { bivouac, ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite } from './site.ts';

const CLIENTS = 24;
/** How many clients have their lease when the server is killed. */
const KILLS = [30, 110, 190, 270] as const;

describeWith(['root', 'buildah', 'setpriv'], 'leases when the server is killed', () => {
  let site: DaemonSite;
  let server: ServerProcess | undefined;
  let clients: DhcpClients | undefined;

  afterEach(async () => {
    clients?.close();
    await server?.kill();
    site.remove();
  });

  test('what was acknowledged stays leased, to the same client and to no other', {
    timeout: 180_000,
  }, async () => {
    site = makeSite({ unknownHosts: '{image: web}' });
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
    const crowd = new Crowd(clients);
    const running = crowd.run(CLIENTS);
    for (const count of KILLS) {
      const inFlight = await crowd.whenRequesting(count, server);
      await server.kill();
      expect(inFlight).toBeGreaterThan(0);
      const promised = new Map(crowd.leases);
      const kept = await leaseList(site);
      expect(missing(promised, kept)).toEqual([]);
      crowd.onDisk(kept);
      server = await ServerProcess.start(site);
      expect(server.complaints).toEqual([]);
    }
    crowd.finish();
    await running;
    expect(crowd.moved).toEqual([]);
    expect(new Set(crowd.leases.values()).size).toBe(crowd.leases.size);
    await allKeepTheirs(crowd.leases, clients);
    expect(await server.stop()).toBe(0);
    expect(server.complaints).toEqual([]);
    expect(missing(crowd.leases, await leaseList(site))).toEqual([]);
  });

  test('a lost ACK is given again, also after a restart', async () => {
    site = makeSite({ unknownHosts: '{image: web}' });
    server = await ServerProcess.start(site);
    clients = await DhcpClients.open(site);
    const mac = macNumber(1);
    const address = await clients.lease(mac);
    if (address === undefined) throw new Error('The client got no lease');
    const again = { type: 'REQUEST', mac, xid: 0xabcdef, requested: address, server: site.address } as const;
    expect((await clients.ask(again))?.yiaddr).toBe(address);
    await server.kill();
    server = await ServerProcess.start(site);
    const replies = [await clients.ask(again), await clients.ask(again)];
    expect(replies.map((reply) => [reply && messageType(reply.options), reply?.yiaddr])).toEqual([
      ['ACK', address],
      ['ACK', address],
    ]);
  });
});

/** Clients that come one after another, each with a MAC of its own, and stay until they have a lease. */
class Crowd {
  /** What clients were told by an ACK. */
  readonly leases = new Map<Mac, Ipv4>();
  /** Clients that got another address than the one on disk for them. */
  readonly moved: string[] = [];
  readonly #clients: DhcpClients;
  readonly #onDisk = new Map<Mac, Ipv4>();
  #next = 1000;
  #requesting = 0;
  #isOver = false;
  #onChange: () => void = () => undefined;

  constructor(clients: DhcpClients) {
    this.#clients = clients;
  }

  async run(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#loop()));
  }

  /** Let each client get its lease, then let no other come. */
  finish(): void {
    this.#isOver = true;
  }

  /** Note what a killed server left: a client may not have been told of its lease, but has it. */
  onDisk(leases: ReadonlyMap<Mac, Ipv4>): void {
    for (const [mac, address] of leases) this.#onDisk.set(mac, address);
  }

  /** Kill the server at once when so many have leases and others wait for their ACK; resolves to how many wait. */
  whenRequesting(count: number, server: ServerProcess): Promise<number> {
    return new Promise((resolve) => {
      this.#onChange = () => {
        if (this.leases.size < count || this.#requesting === 0) return;
        server.signal('SIGKILL');
        this.#onChange = () => undefined;
        resolve(this.#requesting);
      };
    });
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      const mac = macNumber(this.#next++);
      let address: Ipv4 | undefined;
      while (address === undefined) address = await this.#clients.lease(mac, () => this.#request());
      const before = this.#onDisk.get(mac) ?? address;
      if (before !== address) this.moved.push(`${mac} had ${before} and got ${address}`);
      this.leases.set(mac, address);
      this.#onChange();
    }
  }

  #request(): () => void {
    this.#requesting += 1;
    return () => {
      this.#requesting -= 1;
    };
  }
}

/** Each client, rebooted, asks for the address it remembers (INIT-REBOOT), then as one that has forgotten it. */
async function allKeepTheirs(leases: ReadonlyMap<Mac, Ipv4>, clients: DhcpClients): Promise<void> {
  for (const [mac, address] of leases) {
    const reply = await clients.ask({ type: 'REQUEST', mac, requested: address });
    expect([reply && messageType(reply.options), reply?.yiaddr]).toEqual(['ACK', address]);
    expect((await clients.ask({ type: 'DISCOVER', mac }))?.yiaddr).toBe(address);
  }
}

async function leaseList(site: DaemonSite): Promise<ReadonlyMap<Mac, Ipv4>> {
  const rows = JSON.parse(await bivouac(site, '--json', 'lease', 'list')) as { mac: Mac; address: Ipv4 }[];
  expect(new Set(rows.map(({ address }) => address)).size).toBe(rows.length);
  return new Map(rows.map(({ mac, address }) => [mac, address]));
}

/** Leases that were promised and are not there. */
function missing(promised: ReadonlyMap<Mac, Ipv4>, kept: ReadonlyMap<Mac, Ipv4>): readonly string[] {
  return [...promised].flatMap(([mac, address]) =>
    kept.get(mac) === address ? [] : [`${mac} ${address}, on disk ${kept.get(mac) ?? 'nothing'}`],
  );
}
