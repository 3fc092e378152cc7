import { describe, expect, it } from 'vitest';
import { STABLE } from '../../src/core/image.ts';
import type { LayerEntry } from '../../src/core/layer-entry.ts';
import { aNamedRelease, anImage, aRelease, artefact, aSite, digest, imageName } from '../builders.ts';
import { startApi } from './api.ts';

const [LAYER] = aRelease().layers;
const OLD = aNamedRelease({}, 'd');
const NEW = aNamedRelease({ layers: [LAYER, { ...LAYER, ...artefact('9'), stage: 'web.sh' }] }, 'e');
const BASE = { mode: 0o644, uid: 0, gid: 0 };
const FILE: LayerEntry = { ...BASE, kind: 'file', path: 'etc/motd', size: 1, digest: digest('7') };

async function bodyOf(answer: Response): Promise<unknown> {
  return await answer.json();
}

async function start() {
  const api = await startApi({ site: aSite({ images: [anImage({ name: imageName('web') })] }) });
  for (const release of [OLD, NEW]) {
    await api.catalogue.publish(release, STABLE);
    api.clock.time += 1000;
  }
  api.layers.layers.set(LAYER.digest, [{ ...BASE, kind: 'directory', path: 'etc' }]);
  api.layers.layers.set(digest('9'), [FILE]);
  const get = async (path: string): Promise<unknown> => await (await api.call(`/api/v1${path}`)).json();
  const send = async (method: string, path: string, body: unknown) => {
    const answer = await api.sendJson(method, `/api/v1${path}`, body);
    return {
      status: answer.status,
      body: answer.status === 204 ? undefined : await bodyOf(answer),
    };
  };
  return { ...api, get, send };
}

describe('releases over HTTP', () => {
  it('are listed and shown by any of their names', async () => {
    const { get, call } = await start();
    expect(await get('/releases?image=web')).toMatchObject([
      { digest: NEW.digest, channels: ['stable'], kernelVersion: OLD.release.kernelVersion },
      { digest: OLD.digest, channels: [] },
    ]);
    for (const name of ['web', 'eeee', encodeURIComponent(NEW.digest), 'web@stable']) {
      expect(await get(`/releases/${name}`)).toMatchObject({
        digest: NEW.digest,
        release: NEW.release,
        provenance: [],
      });
    }
    expect(await get('/releases/web~1')).toMatchObject({ digest: OLD.digest });
    expect((await call('/api/v1/releases/wbe')).status).toBe(404);
    expect(await get('/releases/wbe')).toMatchObject({ remedy: 'Did you mean "web"?' });
    expect((await call('/api/v1/releases/web/sbom')).status).toBe(404);
    expect((await call('/api/v1/releases', { headers: { authorization: '' } })).status).toBe(401);
  });

  it('are compared, and tell who wrote a path', async () => {
    const { get } = await start();
    expect(await get('/releases/web~1/diff/web')).toMatchObject({
      from: OLD.digest,
      to: NEW.digest,
      fetch: { bytes: artefact('9').size },
      files: { added: 1, listed: [{ change: 'added', path: '/etc/motd', by: { stage: 'web.sh' } }] },
    });
    expect(await get('/releases/web/who?path=/etc/motd')).toMatchObject({
      state: 'present',
      by: { stage: 'web.sh' },
    });
  });

  it('give out statements and lists, and are pinned', async () => {
    const { get, send, artefacts, releases } = await start();
    await releases.attest(NEW.digest, await artefacts.putBytes(Buffer.from('{"payload":""}')));
    expect(await get('/releases/web/provenance')).toEqual({ payload: '' });
    expect((await send('PUT', '/releases/web/pin', { reason: 'for the fair' })).status).toBe(204);
    expect(await get('/releases/web')).toMatchObject({
      pin: { reason: 'for the fair', actor: 'admin at 127.0.0.1' },
    });
    expect((await send('DELETE', '/releases/web/pin', {})).status).toBe(204);
    expect(await get('/releases/web')).not.toHaveProperty('pin');
  });
});

describe('channels over HTTP', () => {
  it('are moved, promoted, rolled back; the history says by whom and why', async () => {
    const { get, send, logLines } = await start();
    const back = await send('POST', '/channels/web/stable/rollback', { reason: 'it is broken' });
    expect(back).toMatchObject({ status: 200, body: { moves: [{ kind: 'move', to: OLD.digest }] } });
    expect((await send('POST', '/channels/web/stable/rollback', {})).status).toBe(409);
    expect((await send('PUT', '/channels/web/canary', { from: 'stable' })).status).toBe(200);
    expect((await send('PUT', '/channels/web/canary', { release: 'eeee' })).status).toBe(200);
    expect(await get('/channels?image=web')).toMatchObject([
      { channel: 'canary', release: NEW.digest },
      { channel: 'stable', release: OLD.digest },
    ]);
    expect(await get('/channels/web/stable/history')).toMatchObject([
      { action: 'rollback', actor: 'admin at 127.0.0.1', reason: 'it is broken' },
      { action: 'build' },
      { action: 'build' },
    ]);
    expect(logLines.some((line) => line.includes('channel moved'))).toBe(true);
  });

  it('refuse what makes no sense, with a remedy', async () => {
    const { send } = await start();
    expect(await send('PUT', '/channels/wbe/stable', { release: 'web' })).toMatchObject({
      status: 404,
      body: { remedy: 'Did you mean "web"?' },
    });
    expect((await send('PUT', '/channels/web/stable', {})).status).toBe(400);
    expect((await send('PUT', '/channels/web/stable', { from: 'canary' })).status).toBe(404);
    expect((await send('PUT', '/channels/web/St%20able', { release: 'web' })).status).toBe(400);
    expect((await send('PUT', '/channels/web/stable', { release: 'web', architecture: 'vax' })).status).toBe(
      400,
    );
  });

  it('are pinned against builds', async () => {
    const { send, get, channels } = await start();
    expect(await send('PUT', '/channels/web/stable/pin', { reason: 'fair' })).toMatchObject({
      body: { reason: 'fair' },
    });
    expect(await get('/channels')).toMatchObject([{ pin: { reason: 'fair' } }]);
    const build = {
      image: imageName('web'),
      channel: STABLE,
      action: 'build',
      actor: '',
      reason: '',
    } as const;
    expect(await channels.move({ ...build, to: OLD.digest })).toMatchObject([{ kind: 'pinned' }]);
    expect((await send('DELETE', '/channels/web/stable/pin', {})).status).toBe(204);
    expect(await channels.move({ ...build, to: OLD.digest })).toMatchObject([{ kind: 'move' }]);
  });
});
