import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../requirements.ts';
import type { PlaneSubnet } from './dhcp-plane.ts';
import { Namespaces, type Running } from './namespaces.ts';

const PROGRAM = new URL('dhcp-plane.ts', import.meta.url).pathname;
const EAST: PlaneSubnet = { subnet: '10.77.0.0/24', server: '10.77.0.1', pool: '10.77.0.100-10.77.0.199' };
const WEST: PlaneSubnet = { subnet: '10.78.0.0/24', server: '10.78.0.1', pool: '10.78.0.100-10.78.0.199' };

/** Puts the address on the card, as the client's own script does, with a way to the other networks. */
const BOUND = `#!/bin/sh
[ -z "$ip" ] || ip addr replace "$ip/24" dev "$interface"
[ -z "$ip" ] || ip route replace default via "\${ip%.*}.254" 2>/dev/null
exit 0
`;

describeWith(['root', 'ip', 'busybox', 'udhcpc', 'tcpdump'], 'a server on several links', () => {
  const net = new Namespaces('links');
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-links-'));
  const script = join(folder, 'bound');
  let server = '';
  let east = '';
  let west = '';
  let plane: Running | undefined;

  beforeAll(() => {
    writeFileSync(script, BOUND);
    chmodSync(script, 0o755);
    [server = '', east = '', west = ''] = ['server', 'east', 'west'].map((name) => net.add(name));
    plug('east0', east, EAST);
    plug('west0', west, WEST);
  });

  afterEach(async () => {
    await plane?.stop();
    for (const client of [east, west]) net.ip(client, 'addr', 'flush', 'dev', 'net0');
  });

  afterAll(async () => {
    await net.down();
    rmSync(folder, { recursive: true });
  });

  function plug(device: string, client: string, { server: address }: PlaneSubnet): void {
    net.cable([server, device], [client, 'net0']);
    net.ip(server, 'addr', 'add', `${address}/24`, 'dev', device);
  }

  async function serve(...subnets: readonly PlaneSubnet[]): Promise<Running> {
    plane = net.start(server, process.execPath, PROGRAM, JSON.stringify(subnets));
    await plane.said('"ready"');
    return plane;
  }

  const udhcpc = (client: string, ...args: readonly string[]): Promise<string> => {
    const fixed = ['-i', 'net0', '-f', '-q', '-n', '-t', '8', '-T', '1', '-s', script];
    return net.run(client, 'busybox', 'udhcpc', ...fixed, ...args);
  };

  it('each client gets an address of its own link, at the same time', async () => {
    await serve(EAST, WEST);
    const [inEast, inWest] = await Promise.all([udhcpc(east), udhcpc(west)]);
    expect(inEast).toMatch(/lease of 10\.77\.0\.1\d\d obtained from 10\.77\.0\.1/);
    expect(inWest).toMatch(/lease of 10\.78\.0\.1\d\d obtained from 10\.78\.0\.1/);
  });

  it('RFC 2131 section 4.1: replies go to the hardware address, or are broadcast when the client asks for that', async () => {
    await serve(EAST, WEST);
    const heard = net.start(west, 'tcpdump', '-lenni', 'net0', 'udp', 'and', 'src', 'port', '67');
    await heard.said('listening on');
    await udhcpc(west);
    await heard.said('10.78.0.1.67 > 10.78.0.1');
    expect(heard.output()).not.toContain('> ff:ff:ff:ff:ff:ff');
    await udhcpc(west, '-B');
    await heard.said('> ff:ff:ff:ff:ff:ff');
    await heard.stop();
    expect(heard.output()).toContain('10.78.0.1.67 > 255.255.255.255.68');
  });

  it('C16: an interface that was removed and made anew is heard again', async () => {
    const running = await serve(EAST, WEST);
    await udhcpc(west);
    net.ip(server, 'link', 'del', 'west0');
    await running.said('closed ear 10.78.0.1 west0');
    expect(await udhcpc(east)).toContain('obtained from 10.77.0.1');
    plug('west0', west, WEST);
    await running.said('opened ear 10.78.0.1 west0');
    expect(await udhcpc(west)).toContain('obtained from 10.78.0.1');
  });

  it('C16: an interface that goes down, loses its address and gets it back is heard again', async () => {
    const running = await serve(EAST, WEST);
    net.ip(server, 'link', 'set', 'east0', 'down');
    await running.said('closed ear 10.77.0.1 east0');
    net.ip(server, 'addr', 'flush', 'dev', 'east0');
    net.ip(server, 'link', 'set', 'east0', 'up');
    net.ip(server, 'addr', 'add', '10.77.0.1/24', 'dev', 'east0');
    await running.said('opened ear 10.77.0.1 east0');
    expect(await udhcpc(east)).toContain('obtained from 10.77.0.1');
  });

  it('a subnet that is added while the server runs is served, one that is switched off is not', async () => {
    const running = await serve(EAST);
    await expect(udhcpc(west, '-t', '2')).rejects.toThrow();
    running.write(JSON.stringify([{ ...EAST, mode: 'off' }, WEST]));
    await running.said('"followed"');
    expect(await udhcpc(west)).toContain('obtained from 10.78.0.1');
    await expect(udhcpc(east, '-t', '2')).rejects.toThrow();
  });

  it('another server on the same interface is a clear fault', async () => {
    await serve(EAST);
    const second = net.start(server, process.execPath, PROGRAM, JSON.stringify([EAST]));
    await expect(second.said('"ready"')).rejects.toThrow('Cannot listen on UDP "%east0:67"');
  });
});

describeWith(
  ['root', 'ip', 'busybox', 'udhcpc', 'dhclient', 'dhcrelay'],
  'clients behind a relay agent',
  () => {
    const net = new Namespaces('relay');
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-relay-'));
    const script = join(folder, 'bound');
    const FAR: PlaneSubnet = {
      subnet: '10.79.0.0/24',
      server: '10.77.0.1',
      pool: '10.79.0.100-10.79.0.199',
      relays: ['10.79.0.254', '10.77.0.254'],
    };
    let server = '';
    let relay = '';
    let client = '';
    let plane: Running;

    beforeAll(async () => {
      writeFileSync(script, BOUND);
      chmodSync(script, 0o755);
      [server = '', relay = '', client = ''] = ['server', 'relay', 'client'].map((name) => net.add(name));
      net.cable([server, 'net0'], [relay, 'up0']);
      net.cable([relay, 'down0'], [client, 'net0']);
      net.ip(server, 'addr', 'add', '10.77.0.1/24', 'dev', 'net0');
      net.ip(relay, 'addr', 'add', '10.77.0.254/24', 'dev', 'up0');
      net.ip(relay, 'addr', 'add', '10.79.0.254/24', 'dev', 'down0');
      net.ip(server, 'route', 'add', '10.79.0.0/24', 'via', '10.77.0.254');
      await net.run(relay, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
      plane = net.start(server, process.execPath, PROGRAM, JSON.stringify([EAST, FAR]));
      await plane.said('"ready"');
    });

    afterAll(async () => {
      await net.down();
      rmSync(folder, { recursive: true });
    });

    it.each([
      ['plain', ['-iu', 'up0']],
      ['with option 82', ['-a', '-iu', 'up0']],
      ['with RFC 3527 link selection, known by its address in our network', ['-U', 'up0']],
    ])('%s: leases, renews by unicast, releases', async (_name, options) => {
      const agent = net.start(relay, 'dhcrelay', '-4', '-d', ...options, '-id', 'down0', '10.77.0.1');
      await agent.said('Sending on   Socket/fallback');
      const udhcpc = ['busybox', 'udhcpc', '-i', 'net0', '-f', '-R', '-t', '5', '-T', '1', '-s', script];
      const running = net.start(client, ...udhcpc);
      await running.said('obtained from 10.77.0.1');
      expect(running.output()).toMatch(/lease of 10\.79\.0\.1\d\d obtained/);
      // udhcpc renews when it gets this signal.
      running.signal('SIGUSR1');
      await expect.poll(() => running.output().split('obtained from').length, { timeout: 10_000 }).toBe(3);
      await running.stop();
      await expect.poll(() => running.output()).toContain('unicasting a release');
      await agent.stop();
    });

    it('RFC 3011: dhclient selects another subnet than that of its relay agent', async () => {
      const agent = net.start(relay, 'dhcrelay', '-4', '-d', '-iu', 'up0', '-id', 'down0', '10.77.0.1');
      await agent.said('Sending on   Socket/fallback');
      const config = join(folder, 'dhclient.conf');
      writeFileSync(config, 'send subnet-selection 10.77.0.0;\ninitial-interval 1;\n');
      const files = [
        '-cf',
        config,
        '-lf',
        join(folder, 'leases'),
        '-pf',
        join(folder, 'pid'),
        '-sf',
        '/bin/true',
      ];
      const running = net.start(client, 'dhclient', '-4', '-d', '-v', '-1', ...files, 'net0');
      await running.said('bound to 10.77.0.1');
      await running.stop();
      await agent.stop();
    });

    it('the release came by unicast and ended the lease', async () => {
      await plane.stop();
      const record =
        plane
          .output()
          .split('\n')
          .find((line) => line.includes('"record"')) ?? '{}';
      const { fields, at } = JSON.parse(record) as {
        at: number;
        fields: { leases: { address: string; expiresAt: number }[] };
      };
      const far = fields.leases.filter(({ address }) => address.startsWith('10.79.0.'));
      expect(far.map(({ expiresAt }) => expiresAt <= at)).toEqual([true]);
    });
  },
);
