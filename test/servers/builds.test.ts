import { expect, test } from 'vitest';
import type { BootEvent, BootId } from '../../src/core/event.ts';
import { STABLE } from '../../src/core/image.ts';
import { buildAll } from '../../src/core/job.ts';
import { bootRoutes } from '../../src/servers/routes/boot.ts';
import { Delivery } from '../../src/servers/serving/delivery.ts';
import { HttpFixture } from '../boot/http-fixture.ts';
import { aLease, aNamedRelease, aSubnet, digest, hostName, ip, mac } from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { json, jsonList, startApi } from './api.ts';

test('a build is asked for, joined by the next request, and shown', async () => {
  const api = await startApi();
  const asked = await api.sendJson('POST', '/api/v1/builds', { image: 'web' });
  expect(asked.status).toBe(202);
  const { job, merged } = await json(asked);
  expect(merged).toBe(false);
  expect(asked.headers.get('location')).toBe(`/api/v1/builds/${job.id}`);
  expect(job).toMatchObject({
    request: { image: 'web', target: 'all' },
    state: 'queued',
    createdAt: api.clock.now(),
  });
  expect(await json(api.sendJson('POST', '/api/v1/builds', { image: 'web' }))).toEqual({ job, merged: true });
  await api.jobs.claim();
  await api.jobs.finish(job.id, { state: 'succeeded', release: digest('d'), published: true });
  expect(await json(api.call(`/api/v1/builds/${job.id}`))).toMatchObject({
    state: 'succeeded',
    release: digest('d'),
    published: true,
  });
  expect(await jsonList(api.call('/api/v1/builds?limit=1'))).toHaveLength(1);
});

test('a build may be asked for in part', async () => {
  const api = await startApi();
  const asked = {
    image: 'web',
    target: 'conffs',
    buildParents: -1,
    conffs: 'db*',
    branch: 'next',
    channel: 'canary',
    architecture: 'amd64',
    kernel: '6.12.48-1',
    fresh: true,
  };
  const { job } = await json(api.sendJson('POST', '/api/v1/builds', asked));
  const request = { ...asked, buildParents: 'all' };
  expect(job.request).toEqual(request);
  expect(await json(api.call(`/api/v1/builds/${job.id}`))).toMatchObject({ request });
  const base = await json(
    api.sendJson('POST', '/api/v1/builds', { image: 'base', buildParents: 0, fresh: false }),
  );
  expect(base.job.request).toEqual({ image: 'base', target: 'all', buildParents: 0 });
});

test.each([
  { target: 'roots' },
  { buildParents: -2 },
  { buildParents: 1.5 },
  { buildParents: 'some' },
  { conffs: '' },
  { conffs: 'a\nb' },
  { branch: '--upload-pack=x' },
  { fresh: 'yes' },
  { architecture: 'arm64' },
  { architecture: 'vax' },
  { kernel: 'linux-image-amd64' },
  { colour: 'red' },
])('a build of %j is refused', async (part) => {
  const api = await startApi();
  expect((await api.sendJson('POST', '/api/v1/builds', { image: 'web', ...part })).status).toBe(400);
  expect(await jsonList(api.call('/api/v1/builds'))).toEqual([]);
});

test.each([
  ['{}', 'The body: missing "image"'],
  ['[]', 'The body: wanted an object'],
  ['{"image":7}', '"image": wanted a text'],
  [
    '{"image":"web","target":"roots"}',
    '"target": wanted one of rootfs, conffs, initramfs, kernel, all, trueall',
  ],
  ['{"image":"web","buildParents":"some"}', '"buildParents": wanted a whole number or "all"'],
  ['{"image":"web","buildParents":1.5}', '"buildParents": wanted a whole number or "all"'],
  ['{"image":"web","buildParents":-2}', '"buildParents": wanted at least -1 or "all"'],
  ['{"image":"web","fresh":"yes"}', '"fresh": wanted true or false'],
])('the body %s is refused in plain words', async (body, detail) => {
  const api = await startApi();
  const answer = await api.sendJson('POST', '/api/v1/builds', body);
  expect([answer.status, (await json(answer)).detail]).toEqual([400, detail]);
});

// The boot protocol beside it does take forms, from hosts.
test.each(['application/x-www-form-urlencoded', 'text/plain'])(
  'a body sent as %s is refused with a remedy',
  async (type) => {
    const { boot } = new HttpFixture();
    const { transfers } = new Delivery(new FakeArtefactStore());
    const api = await startApi({ routes: [bootRoutes({ boot, transfers })] });
    const headers = { 'content-type': type };
    const answer = await api.call('/api/v1/builds', { method: 'POST', headers, body: '{"image":"web"}' });
    expect([answer.status, (await json(answer)).remedy]).toEqual([
      415,
      'The API takes JSON: send it with the header "Content-Type: application/json"',
    ]);
  },
);

test('what cannot be built or found is refused with a remedy', async () => {
  const api = await startApi();
  const unknown = await api.sendJson('POST', '/api/v1/builds', { image: 'wbe' });
  expect([unknown.status, (await json(unknown)).remedy]).toEqual([400, 'Did you mean "web"?']);
  expect((await api.sendJson('POST', '/api/v1/builds', { image: '../x' })).status).toBe(400);
  for (const id of ['nope', '..%2f..%2fbivouac', 'A', '%00']) {
    expect((await api.call(`/api/v1/builds/${id}`)).status, id).toBe(404);
    expect((await api.call(`/api/v1/builds/${id}/log`)).status, id).toBe(404);
  }
  for (const query of ['limit=0', 'limit=x', 'limit=100000', 'offset=1']) {
    expect((await api.call(`/api/v1/builds?${query}`)).status, query).toBe(400);
  }
  const query = await json(api.call('/api/v1/builds?limit=0&all=1'));
  expect(query.detail).toBe('The query: unknown keys ["all"]; "limit": wanted at least 1');
});

test('a build is cancelled, however often that is asked for', async () => {
  const api = await startApi();
  const { job } = await json(api.sendJson('POST', '/api/v1/builds', { image: 'web' }));
  const cancel = () => json(api.call(`/api/v1/builds/${job.id}`, { method: 'DELETE' }));
  expect(await cancel()).toMatchObject({ id: job.id, state: 'cancelled' });
  expect(await cancel()).toMatchObject({ id: job.id, state: 'cancelled' });
  const running = await json(api.sendJson('POST', '/api/v1/builds', { image: 'web' }));
  await api.jobs.claim();
  const stopping = await json(api.call(`/api/v1/builds/${running.job.id}`, { method: 'DELETE' }));
  expect(stopping).toMatchObject({ state: 'running', isCancelling: true });
  expect((await api.call('/api/v1/builds/nope', { method: 'DELETE' })).status).toBe(404);
});

test('a log is read from an offset', async () => {
  const api = await startApi();
  const { job } = await api.jobs.enqueue(buildAll(api.site.images[0]?.name ?? fail()));
  await api.jobs.appendLog(job.id, 'one\ntwo\n');
  const answer = await api.call(`/api/v1/builds/${job.id}/log?offset=4`);
  expect(await answer.text()).toBe('two\n');
  expect(answer.headers.get('bivouac-next-offset')).toBe('8');
  expect(answer.headers.get('content-length')).toBe('4');
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect((await api.call(`/api/v1/builds/${job.id}/log?offset=-1`)).status).toBe(400);
});

test('a log is followed until the job ends', async () => {
  const api = await startApi();
  const { job } = await api.jobs.enqueue(buildAll(api.site.images[0]?.name ?? fail()));
  await api.jobs.claim();
  await api.jobs.appendLog(job.id, 'first\n');
  const answer = await api.call(`/api/v1/builds/${job.id}/log?follow=1`);
  const text = answer.text();
  await api.jobs.appendLog(job.id, 'second\n');
  await api.jobs.appendLog(job.id, 'third\n');
  await api.jobs.finish(job.id, { state: 'failed', error: 'Stage failed' });
  expect(await text).toBe('first\nsecond\nthird\n');
});

// Row G10.
test('a follower that goes away leaves nothing behind, and the server stops at once', async () => {
  const api = await startApi();
  const { job } = await api.jobs.enqueue(buildAll(api.site.images[0]?.name ?? fail()));
  await api.jobs.appendLog(job.id, 'x'.repeat(200_000));
  const controller = new AbortController();
  const answer = await api.call(`/api/v1/builds/${job.id}/log?follow=1`, { signal: controller.signal });
  await answer.body?.getReader().read();
  controller.abort();
  const started = performance.now();
  await api.server.stop(3000);
  expect(performance.now() - started).toBeLessThan(1500);
});

test('boots are timelines, by host, newest first', async () => {
  const api = await startApi();
  api.events.append(anEvent('b1', 1000));
  api.events.append(anEvent('b2', 2000));
  const boots = await jsonList(api.call('/api/v1/hosts/web01/boots'));
  expect(boots.map((boot) => boot.boot)).toEqual(['b2', 'b1']);
  const last = await json(api.call('/api/v1/hosts/web01/boots/last'));
  expect(last).toMatchObject({
    boot: 'b2',
    outcome: 'healthy',
    entries: [{ text: 'healthy', source: 'host' }],
  });
  expect((await json(api.call('/api/v1/hosts/web01/boots/b1'))).boot).toBe('b1');
  expect((await api.call('/api/v1/hosts/web02/boots/b1')).status).toBe(404);
  expect((await api.call('/api/v1/hosts/web02/boots/last')).status).toBe(404);
  expect(await jsonList(api.call('/api/v1/hosts/web01/boots?limit=1'))).toHaveLength(1);
});

test('images tell what is published, leases tell whose they are', async () => {
  const api = await startApi();
  await api.catalogue.publish(aNamedRelease(), STABLE);
  await api.leases.commit(aLease(), aSubnet().subnet);
  await api.leases.commit(
    aLease({ mac: mac('52:54:00:00:00:99'), address: ip('10.77.0.150') }),
    aSubnet().subnet,
  );
  const images = await jsonList(api.call('/api/v1/images'));
  expect(images.map((image) => [image.name, image.channels])).toEqual([
    ['base', []],
    [
      'web',
      [{ channel: 'stable', architecture: 'amd64', release: digest('d'), publishedAt: api.clock.now() }],
    ],
  ]);
  expect(await json(api.call('/api/v1/leases'))).toEqual([
    { ...aLease(), host: 'web01' },
    aLease({ mac: mac('52:54:00:00:00:99'), address: ip('10.77.0.150') }),
  ]);
});

test('the open pages say what this is and whether it works', async () => {
  const api = await startApi({ ready: () => Promise.resolve() });
  const open = (path: string) => fetch(`${api.base}${path}`);
  expect(await (await open('/')).text()).toContain('/openapi.json');
  expect(await (await open('/healthz')).text()).toBe('ok\n');
  expect((await open('/readyz')).status).toBe(200);
  const broken = await startApi({ ready: () => Promise.reject(new Error('disk secret')) });
  const answer = await fetch(`${broken.base}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain('secret');
});

function anEvent(boot: string, at: number): BootEvent {
  return {
    boot: boot as BootId,
    mac: mac(),
    host: hostName('web01'),
    at,
    fact: { kind: 'milestone', milestone: 'healthy' },
  };
}

function fail(): never {
  throw new Error('missing');
}
