import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadSite } from '../../src/config/load.ts';
import { ServerFileSchema } from '../../src/config/schema.ts';
import { ERROR_TABLE } from '../../src/servers/plugins/errors.ts';
import { temporaryFolder } from '../temporary.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test('deploy/demo.yml is a valid site, with the images of this project', async () => {
  const result = await loadSite(join(ROOT, 'deploy/demo.yml'), { environment: {} });
  expect(result.ok ? [] : result.faults).toEqual([]);
  expect(result.ok && result.site.images.map((image) => image.name)).toContain('web');
});

test('deploy/bivouac.yml is valid beside the folders of this project, with a host of its own', async () => {
  const folder = temporaryFolder();
  copyFileSync(join(ROOT, 'deploy/bivouac.yml'), join(folder, 'bivouac.yml'));
  for (const name of ['images', 'boot']) symlinkSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, 'hosts'));
  writeFileSync(join(folder, 'hosts/db1.yml'), 'mac: 52:54:00:12:34:56\nimage: web\n');
  const result = await loadSite(join(folder, 'bivouac.yml'), { environment: {} });
  expect(result.ok ? [] : result.faults).toEqual([]);
});

test('every key of bivouac.yml is in the documentation', () => {
  const text = read('docs/configuration.md');
  for (const [group, schema] of Object.entries(ServerFileSchema.properties)) {
    const keys = 'properties' in schema ? Object.keys(schema.properties) : [];
    for (const key of keys.length === 0 ? [''] : keys) {
      const name = key === '' ? group : `${group}.${key}`;
      expect(text.includes(name) || text.includes(`\`.${key}\``), name).toBe(true);
    }
  }
});

test('every code of a fault is in the documentation, beside its status', () => {
  const rows = read('docs/api.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  for (const [code, { status }] of Object.entries(ERROR_TABLE)) {
    expect(
      rows.some((row) => row.includes(`\`${code}\``) && row.includes(String(status))),
      code,
    ).toBe(true);
  }
});
