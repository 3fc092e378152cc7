import { totalmem } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sizeBytes } from '../../src/config/formats.ts';
import { SiteTemplates } from '../../src/config/script-templates.ts';
import { faultsOf, loadedSite, siteFolder } from './site-folder.ts';

const SUBNETS = 'dhcp: {subnets: [{subnet: 10.77.0.0/24}]}';

function server(keys: string): { 'bivouac.yml': string } {
  return { 'bivouac.yml': `server:\n  address: 10.77.0.1\n${keys}\n${SUBNETS}\n` };
}

test('HTTP has defaults: some memory, 64 transfers, 30 seconds to end, no TLS', async () => {
  const { web } = await loadedSite();
  expect(web).toEqual({ memory: expect.any(Number), transfers: 64, grace: 30_000 });
  expect(web.memory).toBeGreaterThan(0);
  expect(web.memory).toBeLessThanOrEqual(Math.min(512 * 1024 ** 2, totalmem() / 4));
});

test('every setting of HTTP is read', async () => {
  const { web, listen } = await loadedSite(
    server('  http: {port: 8080, memory: 2GiB, transfers: 7, grace: 0s}'),
  );
  expect(web).toEqual({ memory: 2 * 1024 ** 3, transfers: 7, grace: 0 });
  expect(listen.http).toBe(8080);
});

test.each([
  ['  http: {memory: lots}', /"server.http.memory" is "lots", wanted a size such as "512MiB"/],
  ['  http: {memory: 512MB}', /wanted a size/],
  ['  http: {transfers: 0}', /"server.http.transfers" is 0, wanted a number, 1 to 10000/],
  ['  http: {grace: 11m}', /"server.http.grace" is "11m", wanted a time/],
  ['  http: {treads: 7}', /Unknown key "treads"/],
  ['  https: {certificate: a.pem}', /Missing key "key" in "server.https"/],
  [
    '  https: {certificate: a.pem, key: b.pem}',
    /^bivouac.yml:3:24: Cannot use certificate ".*a.pem": it cannot be read/,
  ],
])('a fault of HTTP is told: %s', async (keys, message) => {
  expect(await faultsOf(server(keys))).toEqual([expect.stringMatching(message)]);
});

test.each([
  ['0', 0],
  ['1KiB', 1024],
  ['3MiB', 3 * 1024 ** 2],
  ['1024GiB', 1024 ** 4],
  ['1025GiB', undefined],
  ['01MiB', undefined],
  ['1 MiB', undefined],
  ['1', undefined],
])('the size %j is %j', (text, bytes) => {
  expect(sizeBytes(text)).toBe(bytes);
});

test('script templates are read once for each load of the site, and anew after a failure', async () => {
  const directories = {
    data: '',
    images: '',
    hosts: '',
    boot: join(siteFolder({ 'boot/refuse.ipxe.njk': 'no' }), 'boot'),
  };
  let site = { directories };
  const templates = new SiteTemplates(() => site);
  const first = await templates.current();
  expect(first.refuse.text).toBe('no');
  expect(await templates.current()).toBe(first);
  site = { directories: { ...directories, boot: '/nowhere' } };
  await expect(templates.current()).rejects.toMatchObject({ code: 'storage' });
  await expect(templates.current()).rejects.toMatchObject({ code: 'storage' });
  site = { directories };
  expect(await templates.current()).toEqual(first);
  expect(await templates.current()).not.toBe(first);
});
