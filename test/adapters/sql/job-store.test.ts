import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JobLogs } from '../../../src/adapters/job-logs.ts';
import { isRunning, processIdentity } from '../../../src/adapters/process-identity.ts';
import { type JobStoreOptions, SqlJobStore } from '../../../src/adapters/sql/job-store.ts';
import type { JobId } from '../../../src/core/job.ts';
import { buildAll } from '../../../src/core/job.ts';
import { digest, imageName } from '../../builders.ts';
import { FakeClock } from '../../fakes/clock.ts';
import { temporaryFolder } from '../../temporary.ts';
import { temporaryDatabase } from './database.ts';

const WEB = imageName('web');
const BASE = imageName('base');

function aStore(options: Partial<JobStoreOptions> = {}, database = temporaryDatabase()): SqlJobStore {
  const logs = new JobLogs(join(temporaryFolder(), 'jobs'));
  return new SqlJobStore(database, { clock: new FakeClock(), logs, ...options });
}

test('a second request for an image that waits is the same job; one that runs is not joined', async () => {
  const store = aStore();
  const first = await store.enqueue(buildAll(WEB));
  expect(first.merged).toBe(false);
  expect(await store.enqueue(buildAll(WEB))).toEqual({ job: first.job, merged: true });
  await store.claim();
  const next = await store.enqueue(buildAll(WEB));
  expect(next.merged).toBe(false);
  expect(next.job.id).not.toBe(first.job.id);
});

test('a newer request that makes more takes the place of one that waits; one that makes something else waits beside it', async () => {
  const store = aStore();
  const old = await store.enqueue({ ...buildAll(WEB), target: 'rootfs' });
  const hosts = await store.enqueue({ ...buildAll(WEB), target: 'conffs' });
  expect((await store.list(9)).map(({ state }) => state)).toEqual(['queued', 'queued']);
  const { job, merged } = await store.enqueue(buildAll(WEB));
  expect(merged).toBe(false);
  for (const { id } of [old.job, hosts.job])
    expect(await store.find(id)).toMatchObject({ state: 'superseded', supersededBy: job.id });
  expect(await store.claim(old.job.id)).toBeUndefined();
  expect((await store.claim())?.id).toBe(job.id);
});

test('an image is built once at a time, unless that very job is asked for', async () => {
  const store = aStore();
  await store.enqueue(buildAll(WEB));
  await store.claim();
  const { job } = await store.enqueue(buildAll(WEB));
  expect(await store.claim()).toBeUndefined();
  expect((await store.claim(job.id))?.id).toBe(job.id);
});

test('cancelling ends what waits, asks what runs to stop, and leaves what has ended', async () => {
  const store = aStore();
  const { job } = await store.enqueue(buildAll(WEB));
  expect(await store.cancel(job.id)).toMatchObject({ state: 'cancelled' });
  expect(await store.cancel(job.id)).toMatchObject({ state: 'cancelled' });
  expect(await store.claim()).toBeUndefined();
  const running = await store.enqueue(buildAll(WEB));
  await store.claim();
  expect(await store.cancel(running.job.id)).toMatchObject({ state: 'running', isCancelling: true });
  await store.finish(running.job.id, { state: 'cancelled', error: 'stopped' });
  const ended = await store.cancel(running.job.id);
  expect(ended).toMatchObject({ state: 'cancelled', error: 'stopped' });
  expect(ended?.isCancelling).toBeUndefined();
});

test('a job whose process is gone is interrupted when it is cancelled', async () => {
  const store = aStore({ isAlive: () => false });
  const { job } = await store.enqueue(buildAll(WEB));
  await store.claim();
  expect(await store.cancel(job.id)).toMatchObject({ state: 'interrupted' });
  expect(await store.cancel(parseJobId('none'))).toBeUndefined();
});

test('ids sort by time, also within a millisecond', async () => {
  const clock = new FakeClock();
  const store = aStore({ clock });
  const ids: string[] = [];
  for (let index = 0; index < 50; index += 1) {
    if (index % 10 === 0) clock.time += 1;
    ids.push((await store.enqueue(buildAll(imageName(`i${index}`)))).job.id);
  }
  expect([...ids].sort()).toEqual(ids);
  expect((await store.list(3)).map((job) => job.id)).toEqual(ids.slice(-3).reverse());
});

test('jobs are taken oldest first, each once, by any number of processes', async () => {
  const path = join(temporaryFolder(), 'bivouac.db');
  const one = aStore({}, temporaryDatabase(path));
  const two = aStore({}, temporaryDatabase(path));
  const queued = [await one.enqueue(buildAll(WEB)), await one.enqueue(buildAll(BASE))];
  const taken = await Promise.all([one.claim(), two.claim(), one.claim()]);
  expect(
    taken
      .map((job) => job?.id)
      .filter((id) => id !== undefined)
      .sort(),
  ).toEqual(queued.map(({ job }) => job.id));
});

test('a named job is taken only while it waits', async () => {
  const store = aStore();
  await store.enqueue(buildAll(BASE));
  const { job } = await store.enqueue(buildAll(WEB));
  expect((await store.claim(job.id))?.state).toBe('running');
  expect(await store.claim(job.id)).toBeUndefined();
  expect((await store.claim())?.request.image).toBe('base');
});

test('a finished job tells its result', async () => {
  const store = aStore();
  const { job } = await store.enqueue(buildAll(WEB));
  await store.claim();
  await store.finish(job.id, { state: 'succeeded', release: digest('d'), published: true });
  expect(await store.find(job.id)).toMatchObject({
    state: 'succeeded',
    release: digest('d'),
    published: true,
  });
  const failing = await store.enqueue(buildAll(WEB));
  await store.claim();
  await store.finish(failing.job.id, { state: 'failed', error: 'Stage "x" failed' });
  expect(await store.find(failing.job.id)).toMatchObject({ state: 'failed', error: 'Stage "x" failed' });
});

test('jobs of dead processes are reaped, those of live ones are not', async () => {
  const database = temporaryDatabase();
  const child = spawn('sleep', ['60']);
  const owner = processIdentity(child.pid ?? 0) ?? 'none';
  expect(isRunning(owner)).toBe(true);
  const theirs = aStore({ owner }, database);
  const { job } = await theirs.enqueue(buildAll(WEB));
  await theirs.claim();
  const ours = aStore({}, database);
  await ours.enqueue(buildAll(BASE));
  await ours.claim();
  expect(await ours.reap()).toEqual([]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect((await ours.reap()).map((dead) => dead.id)).toEqual([job.id]);
  expect((await ours.find(job.id))?.state).toBe('interrupted');
  expect(await ours.reap()).toEqual([]);
});

test('a pid used again is another process', () => {
  const own = processIdentity(process.pid) ?? '';
  expect(isRunning(own)).toBe(true);
  expect(isRunning(`${own}1`)).toBe(false);
  expect(isRunning('nonsense')).toBe(false);
});

test('a log is read by byte offset; a job without one has an empty log', async () => {
  const store = aStore();
  const { job } = await store.enqueue(buildAll(WEB));
  expect(await store.readLog(job.id, 0, 100)).toHaveLength(0);
  await store.appendLog(job.id, 'one\n');
  await store.appendLog(job.id, 'zwölf\n');
  expect(Buffer.from(await store.readLog(job.id, 4, 3)).toString('latin1')).toBe('zw\u00c3');
  expect(Buffer.from(await store.readLog(job.id, 0, 100)).toString()).toBe('one\nzwölf\n');
});

test('an id from a URL never leaves the folder of logs', async () => {
  const store = aStore();
  for (const id of ['../bivouac', '..%2fx', 'a/b', '', 'a\0b']) {
    await expect(store.readLog(id as JobId, 0, 10)).rejects.toMatchObject({ code: 'not-found' });
  }
});

function parseJobId(text: string): JobId {
  return text as JobId;
}
