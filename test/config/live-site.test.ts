import { expect, test } from 'vitest';
import { LiveSite } from '../../src/config/live-site.ts';
import type { LoadResult } from '../../src/config/load.ts';
import { aSite } from '../builders.ts';

const FIRST = aSite();
const FAULT = { file: '/x', message: 'bad' };

test('a load without faults replaces the site', async () => {
  const next = aSite();
  const live = new LiveSite(FIRST, () => Promise.resolve({ ok: true, site: next }));
  expect(await live.reload()).toEqual({ kind: 'loaded', site: next, needsRestart: [] });
  expect(live.current()).toBe(next);
});

test('a load with faults keeps the site in force and says why', async () => {
  const live = new LiveSite(FIRST, () => Promise.resolve({ ok: false, faults: [FAULT] }));
  expect(await live.reload()).toEqual({ kind: 'rejected', faults: [FAULT] });
  expect(live.current()).toBe(FIRST);
});

test('a load that throws keeps the site in force too', async () => {
  const live = new LiveSite(FIRST, () => Promise.reject(new Error('database is gone')));
  expect(await live.reload()).toMatchObject({
    kind: 'rejected',
    faults: [{ message: 'Cannot load it: database is gone' }],
  });
  expect(live.current()).toBe(FIRST);
});

test('settings that a restart only can change are named', async () => {
  const next = aSite({
    listen: { ...FIRST.listen, http: 8080 },
    directories: { ...FIRST.directories, data: '/d' },
  });
  const live = new LiveSite(FIRST, () => Promise.resolve({ ok: true, site: next }));
  expect(await live.reload()).toMatchObject({ needsRestart: ['server.http.port', 'server.data'] });
});

test('calls during a load share one load after it', async () => {
  const gates: ((result: LoadResult) => void)[] = [];
  const live = new LiveSite(FIRST, () => new Promise((resolve) => gates.push(resolve)));
  const first = live.reload();
  const second = live.reload();
  const third = live.reload();
  expect(gates).toHaveLength(1);
  const [one, two] = [aSite(), aSite()];
  gates[0]?.({ ok: true, site: one });
  await first;
  await expect.poll(() => gates.length).toBe(2);
  gates[1]?.({ ok: true, site: two });
  expect(await second).toMatchObject({ site: two });
  expect(await third).toMatchObject({ site: two });
  expect(gates).toHaveLength(2);
});
