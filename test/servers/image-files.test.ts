import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digest } from '../builders.ts';
import { CONTENT, CountingStore, serveArtefact } from './artefact-fixture.ts';
import { BootServer } from './boot-server.ts';

let store: CountingStore;
let server: BootServer;
let etag: string;

beforeEach(async () => {
  ({ store, server, etag } = await serveArtefact());
});

afterEach(async () => {
  await server.stop();
  expect(store.open_).toBe(0);
});

describe('an image by name', () => {
  it('has the bytes of the artefact without a redirect, to be asked for again', async () => {
    for (const name of [
      'web/stable/kernel',
      'web/stable/initramfs',
      'web/stable/disk.qcow2',
      `web/${digest('d')}/kernel`,
      'nbp/stable/undionly.kpxe',
    ]) {
      const answer = await server.ask(`/images/${name}`);
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-cache');
      expect(answer.headers.etag).toBe(etag);
      expect(answer.body.equals(CONTENT)).toBe(true);
      const head = await server.ask(`/images/${name}`, { method: 'HEAD' });
      expect(head.headers['content-length']).toBe(String(CONTENT.length));
    }
    const release = await server.ask('/images/web/stable/release.json');
    expect(JSON.parse(release.body.toString())).toMatchObject({ image: 'web', output: 'netboot' });
  });

  it.each([
    'web/stable/rootfs',
    'web/canary/kernel',
    'other/stable/kernel',
    `nbp/${digest('d')}/kernel`,
    `web/${digest('0')}/kernel`,
    'web/stable/layer-9',
    'nbp/stable/__proto__',
    'web/..%2f/kernel',
    'WEB/stable/kernel',
  ])('is nothing else: %s', async (name) => {
    expect((await server.ask(`/images/${name}`)).status).toBe(404);
  });
});
