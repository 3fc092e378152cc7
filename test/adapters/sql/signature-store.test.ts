import { expect, test } from 'vitest';
import { SqlSignatureStore } from '../../../src/adapters/sql/signature-store.ts';
import { digest } from '../../builders.ts';
import { temporaryDatabase } from './database.ts';

test('signatures are kept for each release and key, the newest in the place of an older', async () => {
  const store = new SqlSignatureStore(temporaryDatabase());
  const signature = Uint8Array.of(0, 255, 1);
  await store.put(digest('a'), { keyId: 'k1', signature });
  await store.put(digest('a'), { keyId: 'k2', signature: Uint8Array.of(2) });
  await store.put(digest('a'), { keyId: 'k1', signature: Uint8Array.of(9) });
  await store.put(digest('b'), { keyId: 'k1', signature: Uint8Array.of(3) });
  const found = await store.of(digest('a'));
  expect(found.map(({ keyId, signature: bytes }) => [keyId, [...bytes]])).toEqual([
    ['k1', [9]],
    ['k2', [2]],
  ]);
  expect(await store.of(digest('c'))).toEqual([]);
  expect((await store.by('k1')).map((each) => each.digest)).toEqual([digest('a'), digest('b')]);
});
