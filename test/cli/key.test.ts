import { expect, test } from 'vitest';
import { TrustedSite } from './trusted-site.ts';

test('a key goes only when no published release needs it, and its releases are signed by the next one', async () => {
  const site = await TrustedSite.open();
  const { keyId, named } = site;
  const run = (...argv: string[]) => site.run('--json', ...argv);
  expect(JSON.parse((await run('key', 'list')).stdout)).toMatchObject([
    { keyId, signs: true, believedBy: ['web/stable'] },
  ]);
  expect((await run('key', 'retire', keyId)).code).toBe(1);
  const made = (JSON.parse((await run('key', 'rotate')).stdout) as { keyId: string }).keyId;
  expect(JSON.parse((await run('key', 'list')).stdout)).toMatchObject([
    { keyId: made, signs: true, believedBy: [] },
    { keyId, signs: false, believedBy: ['web/stable'] },
  ]);
  const refused = await run('key', 'retire', keyId);
  expect(refused.stdout).toContain('web/stable believes no other key');
  expect(JSON.parse((await run('key', 'retire', '--force', keyId)).stdout)).toEqual({ keyId, resigned: 1 });
  const verified = await run('release', 'verify', named.digest);
  expect(verified.stdout).toContain(`by key ${made}`);
});
