import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { followFile } from '../../src/adapters/qemu-console.ts';
import { temporaryFolder } from '../temporary.ts';

test('followFile() reads what is there and what comes, whole characters only, and ends', async () => {
  const path = join(temporaryFolder(), 'console.log');
  const bytes = Buffer.from('früh und spät\n');
  writeFileSync(path, bytes.subarray(0, 3));
  let ended = false;
  const chunks: string[] = [];
  for await (const chunk of followFile(path, () => ended)) {
    chunks.push(chunk);
    if (chunks.length === 1) appendFileSync(path, bytes.subarray(3));
    else ended = true;
  }
  expect(chunks.join('')).toBe('früh und spät\n');
  expect(chunks[0]).toBe('fr');
});

test('followFile() fails when there is no such file', async () => {
  const chunks = followFile(join(temporaryFolder(), 'missing'), () => true);
  await expect(chunks.next()).rejects.toMatchObject({ code: 'ENOENT' });
});
