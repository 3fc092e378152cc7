import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadSite } from '../../src/config/load.ts';
import { ServerFileSchema } from '../../src/config/schema.ts';
import { ERROR_TABLE } from '../../src/servers/plugins/errors.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.each(['deploy/bivouac.yml', 'deploy/demo.yml'])(
  '%s is a valid site, with the images of this project',
  async (path) => {
    const result = await loadSite(fileURLToPath(new URL(`../../${path}`, import.meta.url)), {
      environment: {},
    });
    expect(result.ok ? [] : result.faults).toEqual([]);
    expect(result.ok && result.site.images.map((image) => image.name)).toContain('web');
  },
);

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
