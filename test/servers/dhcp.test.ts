import { createSocket } from 'node:dgram';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DhcpAnswer } from '../../src/boot/dhcp-turn.ts';
import type { DhcpRequest } from '../../src/boot/request.ts';
import type { Ipv4 } from '../../src/core/address.ts';
import { DhcpServer, type DhcpServerOptions } from '../../src/servers/dhcp.ts';
import type { DhcpListener } from '../../src/servers/dhcp-listeners.ts';
import { addresses, messageType, OPTION } from '../../src/wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, decodePacket, encodePacket } from '../../src/wire/dhcp/packet.ts';
import { aMessage, ask, aWorld, firmware, taking } from '../boot/world.ts';
import { ip } from '../builders.ts';
import { FakeLog } from '../fakes/datagram-log.ts';
import { UdpClient } from './udp-client.ts';

const LOOPBACK = ip('127.0.0.1');

function at(...addresses: readonly Ipv4[]): () => readonly DhcpListener[] {
  return () => addresses.map((address) => ({ address, isDirect: true, isProxy: false }));
}

interface Bench {
  readonly client: UdpClient;
  readonly port: number;
  readonly log: FakeLog;
  exchange(packet: DhcpPacket, ms?: number): Promise<DhcpPacket | undefined>;
}

async function bench(given: Partial<DhcpServerOptions> = {}): Promise<Bench> {
  const world = aWorld();
  const log = new FakeLog();
  const client = await UdpClient.open();
  const server = new DhcpServer({
    listeners: at(LOOPBACK),
    port: 0,
    bootServerPort: 0,
    devices: false,
    clientPort: client.port,
    relayPort: client.port,
    broadcastAddress: LOOPBACK,
    logger: log,
    answer: ({ packet, source }) => ask(world, packet, source),
    ...given,
  });
  const port = await server.start();
  onTestFinished(() => server.stop());
  const exchange = async (packet: DhcpPacket, ms?: number): Promise<DhcpPacket | undefined> => {
    client.send(encodePacket(packet), port);
    const received = await client.next(ms);
    const decoded = received === undefined ? undefined : decodePacket(received.bytes);
    return decoded?.ok === true ? decoded.packet : undefined;
  };
  return { client, port, log, exchange };
}

describe('DhcpServer', () => {
  it('carries a whole exchange', async () => {
    const { exchange } = await bench();
    const offer = await exchange(aMessage('DISCOVER', { options: firmware(7) }));
    expect(offer).toMatchObject({ op: 2, yiaddr: '10.77.0.11', file: 'snponly.efi' });
    const ack = await exchange(aMessage('REQUEST', { options: taking(ip('10.77.0.11')) }));
    expect(messageType(ack?.options ?? new Map())).toBe('ACK');
  });

  it('A1-A8: drops junk without an answer and serves the next client', async () => {
    const { exchange, client, port, log } = await bench();
    const good = encodePacket(aMessage('DISCOVER'));
    const junk = [
      ...[0, 1, 43, 235, 239].map((length) => good.subarray(0, length)),
      good.subarray(0, 240),
      Uint8Array.from(good, (byte, at) => (at === 236 ? 0 : byte)),
      Uint8Array.from(good, (byte, at) => (at === 0 ? 2 : byte)),
      Uint8Array.from(good, (byte, at) => (at === 2 ? 255 : byte)),
      new Uint8Array(60_000),
      Buffer.concat([good.subarray(0, 240), new Uint8Array(60_000)]),
      Buffer.concat([good.subarray(0, 240), Uint8Array.of(53, 200, 1)]),
    ];
    for (const bytes of junk) client.send(bytes, port);
    expect(await client.next(100)).toBeUndefined();
    expect(await exchange(aMessage('DISCOVER'))).toMatchObject({ yiaddr: '10.77.0.11' });
    expect(log.of('error')).toEqual([]);
  });

  it('logs a flood of junk in a few lines', async () => {
    const { exchange, client, port, log } = await bench();
    for (let at = 0; at < 200; at++) client.send('junk\n\x1b[31m', port);
    await exchange(aMessage('DISCOVER'));
    expect(log.lines.filter(({ message }) => message.startsWith('malformed'))).toHaveLength(1);
    expect(JSON.stringify(log.lines)).not.toContain('junk');
  });

  it('A15: a reply never exceeds the frame, although the client says 65280', async () => {
    const { client, port } = await bench();
    const options = [...firmware(7), [OPTION.maxMessageSize, Uint8Array.of(255, 0)]] as const;
    client.send(encodePacket(aMessage('DISCOVER', { options })), port);
    const length = (await client.next())?.bytes.length ?? 0;
    expect(length).toBeGreaterThanOrEqual(300);
    expect(length).toBeLessThanOrEqual(1472);
  });

  it('survives an answer that fails, and says so once', async () => {
    let calls = 0;
    const answer = (): Promise<DhcpAnswer> => {
      calls++;
      return Promise.reject(new Error('Cannot open the database'));
    };
    const { exchange, log } = await bench({ answer });
    for (let at = 0; at < 3; at++) expect(await exchange(aMessage('DISCOVER'), 50)).toBeUndefined();
    expect(calls).toBe(3);
    expect(log.of('error')).toEqual(['cannot answer a DHCP message']);
  });

  it('sends to the relay agent, and to the address that a client uses', async () => {
    const { client, port } = await bench({ answer: echoTo({ giaddr: LOOPBACK }) });
    client.send(encodePacket(aMessage('DISCOVER')), port);
    expect(await client.next()).toBeDefined();
    const other = await bench({ answer: echoTo({ ciaddr: LOOPBACK }), broadcastAddress: ip('127.0.0.2') });
    other.client.send(encodePacket(aMessage('DISCOVER')), other.port);
    expect(await other.client.next()).toBeDefined();
  });

  it('survives a reply that cannot be sent', async () => {
    const { exchange, log } = await bench({ answer: echoTo({ ciaddr: ip('255.255.255.254') }) });
    await exchange(aMessage('DISCOVER'), 100);
    expect(log.of('error').length).toBeLessThanOrEqual(1);
  });

  it('stops and starts again on the same port; a port in use is a clear fault', async () => {
    const options = {
      listeners: at(LOOPBACK),
      bootServerPort: 0,
      devices: false,
      logger: new FakeLog(),
      answer: echoTo({}),
    };
    const first = new DhcpServer({ ...options, port: 0 });
    const port = await first.start();
    await first.stop();
    const second = new DhcpServer({ ...options, port });
    expect(await second.start()).toBe(port);
    await second.stop();
    const occupant = createSocket('udp4');
    await new Promise<void>((resolve) => occupant.bind(port, '127.0.0.1', resolve));
    await expect(new DhcpServer({ ...options, port }).start()).rejects.toThrow(
      `Cannot listen on UDP "127.0.0.1:${port}"`,
    );
    occupant.close();
  });
});

it('starts where its only address is on no interface yet, and says so', async () => {
  const { log } = await bench({ devices: true, listeners: at(ip('192.0.2.55')) });
  expect(log.of('error')).toEqual(['DHCP is not served at an address that no interface has']);
});

it('an address that no interface has keeps none of the others from being served', async () => {
  const { exchange, log } = await bench({ devices: true, listeners: at(LOOPBACK, ip('192.0.2.55')) });
  expect(await exchange(aMessage('DISCOVER', { flags: BROADCAST_FLAG }))).toBeDefined();
  expect(log.of('error')).toEqual(['DHCP is not served at an address that no interface has']);
});

describe('with sockets bound to interfaces', () => {
  it('A4: hears its link, answers from its own address', async () => {
    const { exchange, log } = await bench({ devices: true });
    const asked = { flags: BROADCAST_FLAG, options: firmware(7) };
    expect(await exchange(aMessage('DISCOVER', asked))).toMatchObject({ yiaddr: '10.77.0.11' });
    expect(log.lines.filter(({ message }) => message === 'DHCP is served')).toHaveLength(1);
  });

  it('tells the address that a message was sent to, and the port', async () => {
    const arrivals: Pick<DhcpRequest, 'local' | 'service'>[] = [];
    const answer = ({ local, service }: DhcpRequest): Promise<DhcpAnswer> => {
      arrivals.push({ ...(local && { local }), service });
      return Promise.resolve({ kind: 'noted' });
    };
    const other = ip('127.0.0.9');
    const { client, port } = await bench({ devices: true, answer, listeners: at(LOOPBACK, other) });
    const packet = encodePacket(aMessage('DISCOVER'));
    client.send(packet, port);
    client.send(packet, port, other);
    await expect.poll(() => arrivals.map(({ local }) => local)).toEqual([LOOPBACK, other]);
    expect(arrivals.map(({ service }) => service)).toEqual(['dhcp', 'dhcp']);
  });

  it('answers each message of a burst once, whole and to whom it is due, an overlong one among them', async () => {
    const answer = async (request: DhcpRequest): Promise<DhcpAnswer> => {
      // Some are answered later than those that came after them.
      if (request.packet.xid % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return echoTo({ ciaddr: LOOPBACK })(request);
    };
    const { client, port, log } = await bench({ devices: true, answer });
    const xids = Array.from({ length: 120 }, (_, at) => at);
    const text = (xid: number) => new Uint8Array(200).fill(xid);
    for (const xid of xids) {
      const options = [...firmware(7), [224, text(xid)] as const];
      const bytes = encodePacket({ ...aMessage('DISCOVER', { options }), xid });
      client.send(xid === 60 ? Buffer.concat([bytes, new Uint8Array(9000)]) : bytes, port);
    }
    const replies = new Map<number, DhcpPacket>();
    for (const _ of xids) {
      const decoded = decodePacket((await client.next())?.bytes ?? new Uint8Array(0));
      if (decoded.ok) replies.set(decoded.packet.xid, decoded.packet);
    }
    expect([...replies.keys()].toSorted((a, b) => a - b)).toEqual(xids);
    for (const [xid, reply] of replies) expect([...(reply.options.get(224) ?? [])]).toEqual([...text(xid)]);
    expect(await client.next(50)).toBeUndefined();
    expect(log.of('error')).toEqual([]);
  });

  it('without an FFI several links cannot be told apart, and that is a clear fault', async () => {
    const options = { logger: new FakeLog(), answer: echoTo({}), port: 0, bootServerPort: 0, devices: false };
    const server = new DhcpServer({ ...options, listeners: at(LOOPBACK, ip('127.0.0.9')) });
    await expect(server.start()).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('port 4011', () => {
  it('claytono#1363: the reply goes to the port that the client asked from', async () => {
    const bootServerPort = 24_011;
    const services: string[] = [];
    const answer = (request: DhcpRequest): Promise<DhcpAnswer> => {
      services.push(request.service);
      return echoTo({})(request);
    };
    const { client } = await bench({ answer, bootServerPort, clientPort: 9 });
    client.send(encodePacket(aMessage('REQUEST')), bootServerPort);
    expect(await client.next()).toMatchObject({ port: bootServerPort });
    expect(services).toEqual(['boot-server']);
  });

  it('in use is a fault where a proxy needs it, and else a line in the log', async () => {
    const occupant = createSocket('udp4');
    await new Promise<void>((resolve) => occupant.bind(0, '127.0.0.1', resolve));
    onTestFinished(() => void occupant.close());
    const bootServerPort = occupant.address().port;
    const { exchange, log } = await bench({ bootServerPort });
    expect(await exchange(aMessage('DISCOVER'))).toBeDefined();
    expect(log.of('error')).toEqual(['no boot server on port 4011']);
    const listeners = () => [{ address: LOOPBACK, isDirect: true, isProxy: true }];
    await expect(bench({ bootServerPort, listeners })).rejects.toMatchObject({ code: 'busy' });
  });
});

function echoTo(fields: Partial<DhcpPacket>): (request: DhcpRequest) => Promise<DhcpAnswer> {
  return ({ packet }) => {
    const options = new Map([...packet.options, [OPTION.serverIdentifier, addresses(LOOPBACK)] as const]);
    return Promise.resolve({ kind: 'reply', reply: { ...packet, op: 2, ...fields, options } });
  };
}
