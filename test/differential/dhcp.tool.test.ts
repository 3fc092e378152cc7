import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodePacket } from '../../src/wire/dhcp/packet.ts';
import { Namespaces, type Running } from '../interop/namespaces.ts';
import { describeWith, unmet } from '../requirements.ts';
import { only, readWire, valuesOf } from '../rfc/dhcp-exchange.ts';
import { EXCHANGES } from './exchanges.ts';
import { PEERS } from './peers.ts';

vi.setConfig({ testTimeout: 30_000 });

/** What RFC 2131 table 3 and section 4.3 fix, by field. */
type Facts = Readonly<Record<string, string>>;

const DRIVER = new URL('driver.program.ts', import.meta.url).pathname;
const OURS = new URL('server.program.ts', import.meta.url).pathname;
const TYPES: Readonly<Record<string, string>> = { '02': 'OFFER', '05': 'ACK', '06': 'NAK' };

function factsOf(hex: string): Facts {
  if (hex === '-') return { answer: 'none' };
  const wire = readWire(Buffer.from(hex, 'hex'));
  const type = TYPES[only(wire, 53) ?? ''] ?? 'unknown';
  const { op, htype, hlen, hops, xid, secs, flags } = wire;
  const fields = Object.entries({ op, htype, hlen, hops, xid, secs, flags });
  const { ciaddr, yiaddr, giaddr, chaddr } = wire;
  const lent =
    type === 'NAK' ? {} : { 'subnet mask': only(wire, 1) ?? '', 'lease time': only(wire, 51) ?? '' };
  return {
    answer: type,
    ...Object.fromEntries(fields.map(([name, value]) => [name, String(value)])),
    ...{ ciaddr, yiaddr, giaddr, chaddr },
    'server identifier': only(wire, 54) ?? '',
    forbidden: [50, 55, 57].filter((code) => valuesOf(wire, code).length > 0).join(' '),
    'client identifier': only(wire, 61) ?? '',
    'is closed': String(wire.isClosed),
    ...lent,
  };
}

describeWith(['root', 'ip'], 'the same messages to other servers', () => {
  const net = new Namespaces('diff');
  const folder = mkdtempSync(join(tmpdir(), 'bivouac-differential-'));
  let server = '';
  let client = '';
  let ours: ReadonlyMap<string, Facts> = new Map();

  beforeAll(async () => {
    server = net.add('server');
    client = net.add('client');
    net.cable([server, 'net0'], [client, 'net0']);
    net.ip(server, 'addr', 'add', '10.77.0.1/24', 'dev', 'net0');
    net.ip(client, 'addr', 'add', '10.77.0.9/24', 'dev', 'net0');
    net.ip(client, 'route', 'add', 'default', 'dev', 'net0');
    const running = net.start(server, process.execPath, OURS);
    await running.said('"ready"');
    ours = await askAll(running);
  });

  afterAll(async () => {
    await net.down();
    rmSync(folder, { recursive: true });
  });

  /** What a server answers to each exchange; it is stopped afterwards. */
  async function askAll(running: Running): Promise<ReadonlyMap<string, Facts>> {
    const driver = net.start(client, process.execPath, DRIVER);
    await driver.said('ready');
    for (const { via, packet } of EXCHANGES)
      driver.write(`${via} ${Buffer.from(encodePacket(packet)).toString('hex')}`);
    driver.write('end');
    await driver.said('done');
    const lines = driver.output().trim().split('\n').slice(1);
    await Promise.all([driver.stop(), running.stop()]);
    return new Map(EXCHANGES.map(({ name }, at) => [name, factsOf(lines[at] ?? '-')]));
  }

  it('ours answers as it should', () => {
    const answers = EXCHANGES.map(({ name }) => `${name}: ${ours.get(name)?.['answer']}`);
    expect(answers).toEqual(EXCHANGES.map(({ name, answer }) => `${name}: ${answer}`));
  });

  for (const { name, program, start, differences } of PEERS) {
    // Where another server is not installed there is nothing to compare with; that is no fault.
    describe.skipIf(unmet([program]).length > 0)(name, () => {
      it('says the same wherever RFC 2131 says what', async () => {
        const theirs = await askAll(await start(net, server, folder));
        const found = EXCHANGES.flatMap((exchange) => {
          const [own = {}, other = {}] = [ours.get(exchange.name), theirs.get(exchange.name)];
          const names = own['answer'] === other['answer'] ? Object.keys(own) : ['answer'];
          return names
            .filter((field) => own[field] !== other[field])
            .map((field) => ({
              key: `${exchange.name}: ${field}`,
              any: `*: ${field}`,
              own: own[field],
              other: other[field],
            }));
        });
        const unexplained = found.filter(
          ({ key, any }) => differences[key] === undefined && differences[any] === undefined,
        );
        expect(unexplained.map(({ key, own, other }) => `${key} is "${own}" here, "${other}" there`)).toEqual(
          [],
        );
        const met = new Set(found.flatMap(({ key, any }) => [key, any]));
        expect(Object.keys(differences).filter((key) => !met.has(key))).toEqual([]);
      });
    });
  }
});
