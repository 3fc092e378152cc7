import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { KNOWN_KEYS } from '../../src/build/image-keys.ts';
import { ImageSchema } from '../../src/config/image-schema.ts';
import { schemaFiles } from '../../src/config/schema-files.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test.each([...schemaFiles()])('%s is as the program has it', (name, text) => {
  const kept = readFileSync(join(ROOT, 'deploy/schema', name), 'utf8');
  expect(kept, 'run "npm run schemas"').toBe(text);
});

test('the schema of images knows the keys that the reader knows', () => {
  expect(Object.keys(ImageSchema.properties).toSorted()).toEqual([...KNOWN_KEYS].toSorted());
});
