import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpFixture, tokenIn } from '../boot/http-fixture.ts';
import { aSnapshot, hostFilesOf } from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { type Answer, BootServer } from './boot-server.ts';

const SCRIPT = '/boot/script/52-54-00-77-00-01';
let server: BootServer;

beforeEach(async () => {
  server = await BootServer.start({ artefacts: new FakeArtefactStore() });
});

afterEach(() => server.stop());

async function token(of = server): Promise<string> {
  return tokenIn((await of.ask(SCRIPT)).body.toString());
}

function bearer(value: string): { headers: { authorization: string } } {
  return { headers: { authorization: `Bearer ${value}` } };
}

function report(value: string, body: string): Promise<Answer> {
  const headers = { ...bearer(value).headers, 'content-type': 'application/x-www-form-urlencoded' };
  return server.ask('/boot/events', { method: 'POST', headers, body });
}

describe('the boot protocol over HTTP', () => {
  it('goes from the script to healthy', async () => {
    const script = await server.ask(SCRIPT);
    expect(script.status).toBe(200);
    const t = tokenIn(script.body.toString());
    const env = await server.ask(`/boot/env?token=${t}`);
    expect(env.body.toString()).toContain(`BIVOUAC_TOKEN=${t}\n`);
    const manifest = await server.ask('/boot/manifest', bearer(t));
    const [, hex, size] = /conffs sha256:([0-9a-f]{64}) (\d+) /.exec(manifest.body.toString()) ?? [];
    const conffs = await server.ask('/boot/conffs', bearer(t));
    expect(createHash('sha256').update(conffs.body).digest('hex')).toBe(hex);
    expect(conffs.headers['content-length']).toBe(size);
    expect((await report(t, 'milestone=healthy&uptime=12.5')).status).toBe(204);
    const kinds = (): readonly string[] =>
      server.fixture.recorder.facts.map((fact) =>
        fact.kind === 'served' ? fact.name : fact.kind === 'milestone' ? fact.milestone : fact.kind,
      );
    await expect.poll(kinds).toEqual(['script', 'boot.env', 'manifest', 'conffs', 'healthy']);
  });

  it('sends every text with its length, not to be stored, never in chunks', async () => {
    const t = await token();
    for (const [path, options] of [
      [SCRIPT, {}],
      [`/boot/env?token=${t}`, {}],
      ['/boot/manifest', bearer(t)],
      ['/boot/conffs', bearer(t)],
    ] as const) {
      const answer = await server.ask(path, options);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-length']).toBe(String(answer.body.length));
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['transfer-encoding']).toBeUndefined();
    }
  });

  it('serves //boot/… as firmware joins it', async () => {
    expect((await server.ask(`/${SCRIPT}`)).status).toBe(200);
    expect((await server.ask(`/.${SCRIPT}`)).status).toBe(200);
  });

  it.each([
    ['/boot/script/52%3A54%3A00%3a77%3A00%3A01', 200],
    ['/boot/script/525400770001', 200],
    ['/boot/script/5254.0077.0001', 200],
    ['/boot/script/52-54-00-77-00', 400],
    ['/boot/script/zz', 400],
    ['/boot/script/%00', 400],
    ['/boot/script/52-54-00-77-00-99', 404],
  ])('answers %s with %i (F11)', async (path, status) => {
    const answer = await server.ask(path);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-length']).toBe(String(answer.body.length));
  });

  it('believes the connection, not what a header says of the client (F12)', async () => {
    const forged = {
      'x-forwarded-for': '127.0.0.1',
      forwarded: 'for=127.0.0.1',
      'x-real-ip': '127.0.0.1',
    };
    const other = await server.ask(SCRIPT, { localAddress: '127.0.0.2', headers: forged });
    expect(other.status).toBe(403);
    const own = await server.ask(SCRIPT, { headers: { 'x-forwarded-for': '10.0.0.1' } });
    expect(own.status).toBe(200);
    const t = await token();
    expect((await server.ask('/boot/manifest', { localAddress: '127.0.0.2', ...bearer(t) })).status).toBe(
      403,
    );
  });

  it.each(['evil.example', 'x"; reboot', '${net0/mac}', '10.0.0.1:99'])(
    'never copies the Host field %j into a script (F13)',
    async (host) => {
      const answer = await server.ask(SCRIPT, { headers: { host } });
      if (answer.status !== 200) return;
      expect(answer.body.toString()).not.toContain(host);
      expect(answer.body.toString()).toContain('http://10.77.0.1/artefacts/');
    },
  );

  it('is closed to who has no token, or has it in the wrong place (G13)', async () => {
    const t = await token();
    for (const path of [
      '/boot/manifest',
      '/boot/conffs',
      `/boot/manifest?token=${t}`,
      `/boot/conffs?token=${t}`,
      '/boot/env',
    ]) {
      expect((await server.ask(path)).status).toBe(403);
    }
    for (const odd of ['', 'x', `${t}x`, t.slice(1), 'A'.repeat(4000)]) {
      expect((await server.ask('/boot/manifest', bearer(odd))).status).toBe(403);
      expect((await server.ask(`/boot/env?token=${odd}`)).status).toBe(403);
    }
    expect((await server.ask('/boot/manifest', { headers: { authorization: `Basic ${t}` } })).status).toBe(
      403,
    );
    expect((await server.ask(`/boot/env?token=${t}&token=${t}`)).status).toBe(403);
    expect((await server.ask('/boot/events', { method: 'POST' })).status).toBe(403);
  });

  it('says the same of a token that is unknown, expired, or of another address', async () => {
    const t = await token();
    const unknown = await server.ask('/boot/conffs', bearer('A'.repeat(43)));
    const other = await server.ask('/boot/conffs', { localAddress: '127.0.0.2', ...bearer(t) });
    server.fixture.clock.time += 3600_000;
    const expired = await server.ask('/boot/conffs', bearer(t));
    expect(other.body).toEqual(unknown.body);
    expect(expired.body).toEqual(unknown.body);
  });

  it('writes no token into the log (G14)', async () => {
    const t = await token();
    await server.ask(`/boot/env?token=${t}`);
    await server.ask('/boot/manifest', bearer(t));
    await server.ask('/boot/conffs', bearer(t));
    await report(t, `milestone=failed&detail=${t}`);
    await report(t, `milestone=nonsense&detail=${t}`);
    await server.ask(`/boot/nowhere?token=${t}`);
    await server.ask('/boot/manifest', { localAddress: '127.0.0.2', ...bearer(t) });
    await expect.poll(() => server.log.length).toBeGreaterThan(3);
    expect(server.log.join('')).not.toContain(t);
    await server.fixture.facts.settled();
    expect(JSON.stringify(server.fixture.recorder.records)).not.toContain(t);
  });

  it('sends conffs in part to who resumes', async () => {
    const t = await token();
    const whole = await server.ask('/boot/conffs', bearer(t));
    const part = await server.ask('/boot/conffs', { headers: { ...bearer(t).headers, range: 'bytes=512-' } });
    expect(part.status).toBe(206);
    expect(part.body.equals(whole.body.subarray(512))).toBe(true);
  });

  it('does not serve conffs as an artefact', async () => {
    const t = await token();
    const { body } = await server.ask('/boot/conffs', bearer(t));
    const hex = createHash('sha256').update(body).digest('hex');
    expect((await server.ask(`/artefacts/sha256/${hex}`)).status).toBe(404);
  });

  it('gives the manifest as JSON to who asks for it', async () => {
    const t = await token();
    const headers = { ...bearer(t).headers, accept: 'application/json' };
    const answer = await server.ask('/boot/manifest', { headers });
    expect(answer.headers['content-type']).toContain('application/json');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ version: 1, host: 'web01' });
  });

  it('answers 500, without the reason, for a template that fails (H10)', async () => {
    const motd = {
      kind: 'file',
      path: '/etc/motd',
      template: '{{ secret }}',
      mode: 0o644,
      uid: 0,
      gid: 0,
    } as const;
    const hostFiles = hostFilesOf({ web01: { files: [motd], deletions: [] } });
    const other = await BootServer.start({
      artefacts: new FakeArtefactStore(),
      fixture: new HttpFixture(aSnapshot({ hostFiles })),
    });
    try {
      const answer = await other.ask('/boot/manifest', bearer(await token(other)));
      expect(answer.status).toBe(500);
      expect(answer.body.toString()).not.toContain('secret');
      expect(other.log.join('')).toContain('hosts/web01/etc/motd');
    } finally {
      await other.stop();
    }
  });

  it('refuses a report that is too large or of another type', async () => {
    const t = await token();
    expect((await report(t, `milestone=failed&detail=${'x'.repeat(60_000)}`)).status).toBe(413);
    const headers = { ...bearer(t).headers, 'content-type': 'text/xml' };
    expect((await server.ask('/boot/events', { method: 'POST', headers, body: '<x/>' })).status).toBe(415);
    expect((await report(t, `milestone=failed&detail=${'%00'.repeat(4096)}`)).status).toBe(204);
    expect((await report(t, 'milestone=nonsense')).status).toBe(400);
  });
});
