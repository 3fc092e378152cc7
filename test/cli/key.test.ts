import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openState } from '../../src/adapters/state.ts';
import { sha256 } from '../../src/boot/grant.ts';
import { signRelease } from '../../src/build/sign-release.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { STABLE } from '../../src/core/image.ts';
import { canonicalJson } from '../../src/core/release.ts';
import { aRelease, imageName } from '../builders.ts';
import { load, siteFolder } from '../config/site-folder.ts';
import { commandLine } from './command-line.ts';

/** A site with one published release of image web, whose initramfs believes the newest key. */
async function publishedSite() {
  const folder = siteFolder();
  const config = join(folder, 'bivouac.yml');
  const loaded = await load(folder);
  if (!loaded.ok) throw new Error('The site has faults');
  const state = await openState(join(folder, 'data'), () => loaded.site);
  const part = async (text: string) => state.artefacts.putBytes(Buffer.from(text));
  const { keyId } = await state.signingKeys.current();
  const [layer] = aRelease().layers;
  const release = aRelease({
    image: imageName('web'),
    kernel: await part('kernel'),
    initramfs: await part('initramfs'),
    keys: [keyId],
    layers: [{ ...layer, ...(await part('layer')) }],
  });
  const named = { digest: sha256(Buffer.from(canonicalJson(release))), release };
  const signing = { keys: state.signingKeys, signatures: state.signatures };
  await signRelease(named.digest, signing);
  await state.catalogue.publish(named, STABLE);
  await state.close();
  const run = (...argv: string[]) => commandLine('--config', config, '--json', ...argv);
  return { folder, run, keyId, named };
}

test('a release is verified by its digest and by its image; a changed and a missing file are named', async () => {
  const { folder, run, named, keyId } = await publishedSite();
  const good = await run('release', 'verify', named.digest);
  expect(good.code, good.stdout).toBe(0);
  const { checks } = JSON.parse(good.stdout) as { checks: { what: string }[] };
  expect(checks.map(({ what }) => what)).toEqual([
    `signature by key ${keyId}`,
    'document',
    'kernel',
    'initramfs',
    expect.stringMatching(/^layer /),
  ]);
  expect((await run('release', 'verify', 'web')).code).toBe(0);
  expect((await run('release', 'verify', 'nothing')).stdout).toContain('it is no known release');

  const hex = digestHex(named.release.kernel.digest);
  const file = join(folder, 'data/artefacts/sha256', hex.slice(0, 2), hex);
  chmodSync(file, 0o644);
  writeFileSync(file, 'kernal');
  const bad = await run('release', 'verify', 'web');
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain('kernel: its content has digest');
});

test('a key goes only when no published release needs it, and its releases are signed by the next one', async () => {
  const { run, keyId, named } = await publishedSite();
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
  expect(verified.stdout).toContain(`signature by key ${made}`);
  expect(verified.code).toBe(0);
});
