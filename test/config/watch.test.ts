import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import type { Site } from '../../src/config/site.ts';
import { watchSite } from '../../src/config/watch.ts';
import { load, siteFolder } from './site-folder.ts';

interface Watched {
  readonly folder: string;
  readonly calls: () => number;
  readonly failures: string[];
}

async function watched(
  options: { quiet?: number; limit?: number; site?: (site: Site) => Site } = {},
): Promise<Watched> {
  const folder = siteFolder({ 'hosts/web01/etc/motd': 'hi' });
  const result = await load(folder);
  if (!result.ok) throw new Error('faults');
  const site = options.site?.(result.site) ?? result.site;
  const failures: string[] = [];
  let calls = 0;
  const watching = watchSite({
    site: () => site,
    changed: () => {
      calls += 1;
      return Promise.resolve();
    },
    failed: (message) => failures.push(message),
    quiet: options.quiet ?? 30,
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  });
  onTestFinished(() => watching.close());
  return { folder, calls: () => calls, failures };
}

test.each([
  ['bivouac.yml', (folder: string) => writeFileSync(join(folder, 'bivouac.yml'), 'x')],
  [
    'bivouac.yml, replaced as editors do',
    (folder: string) => {
      writeFileSync(join(folder, '.new'), 'x');
      renameSync(join(folder, '.new'), join(folder, 'bivouac.yml'));
    },
  ],
  ['images/config.yml', (folder: string) => writeFileSync(join(folder, 'images/config.yml'), 'x')],
  ['boot/quirks.yml', (folder: string) => writeFileSync(join(folder, 'boot/quirks.yml'), 'quirks: []')],
  ['a new host', (folder: string) => writeFileSync(join(folder, 'hosts/web02.yml'), 'x')],
  ['a host removed', (folder: string) => rmSync(join(folder, 'hosts/web01.yml'))],
  ['a file of a host', (folder: string) => writeFileSync(join(folder, 'hosts/web01/etc/motd'), 'x')],
])('a change is seen: %s', async (_name, change) => {
  const { folder, calls } = await watched();
  change(folder);
  await expect.poll(calls).toBeGreaterThan(0);
});

test('a file in a new folder of a new host is seen', async () => {
  const { folder, calls } = await watched();
  mkdirSync(join(folder, 'hosts/web02/etc'), { recursive: true });
  await expect.poll(calls).toBeGreaterThan(0);
  await sleep(200);
  const before = calls();
  writeFileSync(join(folder, 'hosts/web02/etc/motd'), 'x');
  await expect.poll(calls).toBeGreaterThan(before);
});

test('many changes at once are one reload; other files are none', async () => {
  const { folder, calls } = await watched({ quiet: 100 });
  writeFileSync(join(folder, 'notes.txt'), 'x');
  await sleep(300);
  expect(calls()).toBe(0);
  for (let index = 0; index < 50; index += 1) writeFileSync(join(folder, `hosts/h${index}.yml`), 'x');
  await expect.poll(calls).toBe(1);
  await sleep(300);
  expect(calls()).toBe(1);
});

test('changes that never stop are taken up within the limit', async () => {
  const { folder, calls } = await watched({ quiet: 200, limit: 500 });
  for (let index = 0; index < 20; index += 1) {
    writeFileSync(join(folder, 'bivouac.yml'), String(index));
    await sleep(50);
  }
  expect(calls()).toBeGreaterThan(0);
});

test('SIGHUP reloads', async () => {
  const { calls } = await watched();
  process.emit('SIGHUP');
  await expect.poll(calls).toBe(1);
});

test('a folder that cannot be watched is told, and SIGHUP still works', async () => {
  const { calls, failures } = await watched({
    site: (site) => ({ ...site, directories: { ...site.directories, hosts: '/nonexistent' } }),
  });
  await expect.poll(() => failures).toEqual([expect.stringContaining('Cannot watch folder "/nonexistent"')]);
  process.emit('SIGHUP');
  await expect.poll(calls).toBe(1);
});
