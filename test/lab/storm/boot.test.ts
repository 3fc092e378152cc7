import { describe, expect, test } from 'vitest';
import type { CardRequest } from '../../../src/ports/storm-card.ts';
import { messageType } from '../../../src/wire/dhcp/options.ts';
import { ip, mac } from '../../builders.ts';
import { dhcpReply, type FakeReply } from '../../fakes/storm-card.ts';
import {
  ADDRESS,
  aBootServer,
  answerDhcp,
  answerHttp,
  aStormHost,
  boot,
  content,
  LAYER,
  NBP,
  SERVER,
  seeded,
} from './world.ts';

/** Posted milestones, in order. */
function milestones(requests: readonly CardRequest[]): readonly (string | null)[] {
  return requests
    .filter(({ method }) => method === 'POST')
    .map(({ body }) => new URLSearchParams(body).get('milestone'));
}

/** A server that answers requests whose URL ends so in another way, at most `times`. */
function faulty(end: string, reply: (request: CardRequest) => FakeReply, times = Infinity) {
  let left = times;
  return aBootServer({
    http: (request) => (request.url.endsWith(end) && left-- > 0 ? reply(request) : answerHttp(request)),
  });
}

describe('bootHost()', () => {
  test.each(['bios', 'uefi'] as const)('a %s host goes from switching on to healthy', async (firmware) => {
    const { record, card } = await boot(aBootServer(), { host: aStormHost({ firmware }) });
    expect(record).toMatchObject({ phase: 'healthy', fault: undefined });
    expect(Object.keys(record.marks)).toEqual(['nbp', 'script', 'root-mounted', 'healthy']);
    expect(record.dhcpAnswers).toHaveLength(6);
    expect(record.counts).toMatchObject({ files: 8, hashed: 5, dhcpRetries: 0, tftpRetries: 0, restarts: 0 });
    expect(milestones(card.requests)).toEqual([
      'initramfs-started',
      'network-up',
      'manifest-fetched',
      'layer-fetched',
      'conffs-fetched',
      'root-mounted',
      'switch-root',
      'healthy',
    ]);
  });

  test('shows its token for manifest, conffs and reports, never for a layer', async () => {
    const { card } = await boot(aBootServer());
    const shown = card.requests.filter(({ headers }) => headers['authorization'] === 'Bearer secret');
    const paths = new Set(shown.map(({ url }) => new URL(url).pathname));
    expect(paths).toEqual(new Set(['/boot/manifest', '/boot/conffs', '/boot/events']));
  });

  test('gets healthy though a fifth of the packets is lost, by asking again', async () => {
    const random = seeded(3);
    const { record } = await boot(aBootServer(), { loses: () => random() < 0.2 });
    expect(record.phase).toBe('healthy');
    expect(record.counts.tftpRetries).toBeGreaterThan(0);
    expect(record.counts.dhcpRetries).toBeGreaterThan(0);
  });

  test('goes on with a layer where the connection broke', async () => {
    const cut = (request: CardRequest): FakeReply => ({ ...answerHttp(request), cut: 1200 });
    const { record, card } = await boot(faulty(LAYER.sha256, cut, 3));
    const asked = card.requests.filter(({ url }) => url.endsWith(LAYER.sha256));
    expect(asked.map(({ headers }) => headers['range'])).toEqual([
      undefined,
      'bytes=1200-',
      'bytes=2400-',
      'bytes=3600-',
    ]);
    expect(record).toMatchObject({ phase: 'healthy', counts: { httpRetries: 3 } });
  });

  test('begins a layer anew at a server that knows no ranges', async () => {
    const whole = ({ url }: CardRequest): FakeReply => ({
      status: 200,
      body: LAYER.bytes,
      cut: url ? 1200 : 0,
    });
    const { record } = await boot(faulty(LAYER.sha256, whole, 2));
    expect(record).toMatchObject({ phase: 'healthy', counts: { restarts: 0 } });
  });

  test('counts a 5xx and asks again', async () => {
    const { record } = await boot(faulty('/boot/manifest', () => ({ status: 503, body: 'busy' }), 2));
    expect(record).toMatchObject({
      phase: 'healthy',
      statuses: { 503: 2 },
      counts: { httpRetries: 2 },
      faults: { 'manifest: status 503': 2 },
    });
  });

  test('tries again when the initramfs fails once', async () => {
    const { record, card } = await boot(faulty('/boot/manifest', () => ({ status: 404 }), 1));
    expect(record).toMatchObject({ phase: 'healthy', counts: { restarts: 1 } });
    expect(milestones(card.requests)).toContain('failed');
  });

  test('sees that two hosts have one address', async () => {
    const other = mac('52:54:00:77:00:99');
    const { record } = await boot(aBootServer(), { leased: new Map([[ADDRESS, other]]) });
    expect(record).toMatchObject({
      phase: 'failed',
      fault: `DHCP: ${ADDRESS} was leased to ${other} as well`,
    });
  });

  test('takes any address where it has no reservation, and only its own where it has one', async () => {
    const server = aBootServer({ dhcp: (packet) => answerDhcp(packet, ip('10.91.130.7')) });
    const { address: _, ...guest } = aStormHost();
    expect((await boot(server, { host: guest })).record.phase).toBe('healthy');
    const { record } = await boot(server);
    expect(record.fault).toBe('DHCP of uefi: got 10.91.130.7, reserved is 10.91.1.0');
  });

  test('asks anew after a NAK', async () => {
    let naks = 2;
    const server = aBootServer({
      dhcp: (packet) =>
        messageType(packet.options) === 'REQUEST' && naks-- > 0
          ? dhcpReply(packet, { type: 'NAK', address: ADDRESS, server: SERVER, bootfile: '' })
          : answerDhcp(packet),
    });
    expect((await boot(server)).record).toMatchObject({ phase: 'healthy', counts: { restarts: 0 } });
  });
});

describe('bootHost() at a server with a fault fails and says why:', () => {
  const changed = Buffer.from(NBP.bytes);
  changed[5000] = 255 - (changed[5000] ?? 0);
  const nbp = (bytes: Uint8Array) => aBootServer({ files: new Map([['snponly.efi', bytes]]) });
  test.each([
    ['silent DHCP', aBootServer({ dhcp: () => undefined }), 'DHCP of uefi: no answer to 4 DISCOVER'],
    ['no NBP', aBootServer({ files: new Map() }), 'NBP: error 1: no such file'],
    ['a changed NBP', nbp(changed), 'NBP: got another file, 10000 of 10000 bytes'],
    ['an NBP of another size', nbp(content(9000).bytes), 'NBP: its size is 9000, wanted 10000'],
    ['no script', faulty('/script/x', () => ({ status: 404 })), 'boot script: status 404'],
    [
      'a refusal as script',
      faulty('/script/x', () => ({ status: 200, body: '#!ipxe\necho no release of web\n' })),
      'boot script: it loads no kernel; it says: no release of web',
    ],
    [
      'a layer with other bytes',
      faulty(LAYER.sha256, () => ({ status: 200, body: Buffer.alloc(5000) })),
      'layer: its SHA-256 is not the one announced',
    ],
    [
      'a short layer',
      faulty(LAYER.sha256, ({ headers }) => ({
        status: headers['range'] ? 206 : 200,
        body: Buffer.alloc(4000),
      })),
      'layer: 4000 of 5000 bytes, after 10 tries',
    ],
    [
      'the manifest of another boot',
      faulty('/boot/manifest', () => ({ status: 200, body: 'bivouac-manifest 1\nhost other\n' })),
      'manifest: line 2 is not "host storm-00001"',
    ],
  ])('%s', async (_name, server, reason) => {
    const { record } = await boot(server);
    expect(record).toMatchObject({ phase: 'failed', fault: reason });
  });

  test('an answer that never comes ends it after six rounds', async () => {
    const { record, card } = await boot(aBootServer({ dhcp: () => undefined }));
    expect(record.counts.restarts).toBe(6);
    // EDK2's waits of 4, 8, 16 and 32 s, give or take an eighth, and a pause.
    expect(card.time).toBeGreaterThan(6 * 57_000);
  });
});
