import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FsSigningKeys } from '../../src/adapters/signing-keys.ts';
import { signatureHeader } from '../../src/wire/signature.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';
import { InitramfsShell } from './initramfs-shell.ts';

const MANIFEST = 'bivouac-manifest 1\nhost web01\nend\n';

/** An initramfs with these keys baked in, and what it says of a manifest with these headers. */
async function verify(keys: Pick<FsSigningKeys, 'trusted'>, headers: string, manifest = MANIFEST) {
  const shell = new InitramfsShell();
  const folder = join(shell.run, 'keys');
  mkdirSync(folder);
  for (const { keyId, pem } of await keys.trusted()) writeFileSync(join(folder, `${keyId}.pem`), pem);
  const [file, head] = [shell.write('manifest', manifest), shell.write('headers', headers)];
  const program = `signature_of ${head} ${shell.run}/signature
    verify_signature ${file} ${shell.run}/signature || { echo "$FAIL_STAGE: $FAIL_REASON"; exit 1; }`;
  return await shell.sh(program, { KEYS_FOLDER: folder });
}

async function signed(keys: FsSigningKeys, text = MANIFEST): Promise<string> {
  const signer = await keys.current();
  return signatureHeader({ keyId: signer.keyId, signature: await signer.sign(Buffer.from(text)) });
}

function answer(signature: string): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nBivouac-Manifest-Signature: ${signature}\r\n\r\n`;
}

describeWith(['busybox', 'openssl'], 'the signature of a manifest in the initramfs', () => {
  it('is believed by the key that made it, however the header is spelt', async () => {
    const keys = new FsSigningKeys(temporaryFolder());
    const header = answer(await signed(keys));
    for (const text of [header, header.replace('Bivouac-Manifest-Signature', 'bivouac-manifest-signature')]) {
      const { code, stdout } = await verify(keys, text);
      expect(code, stdout).toBe(0);
    }
  });

  it('is believed by each key that is baked in', async () => {
    const folder = temporaryFolder();
    const rotated = new FsSigningKeys(folder);
    const old = answer(await signed(rotated));
    await rotated.rotate();
    expect((await verify(rotated, old)).code).toBe(0);
    expect((await verify(rotated, answer(await signed(rotated)))).code).toBe(0);
  });

  it('is not needed by an initramfs without keys', async () => {
    const none = { trusted: () => Promise.resolve([]) };
    expect((await verify(none, 'HTTP/1.1 200 OK\r\n\r\n')).code).toBe(0);
  });

  it('is refused when the manifest, the key or the text is another, and said why', async () => {
    const keys = new FsSigningKeys(temporaryFolder());
    const good = await signed(keys);
    const stranger = await signed(new FsSigningKeys(temporaryFolder()));
    const [kind, id, text] = good.split(' ');
    const cases: readonly (readonly [string, string, string?])[] = [
      ['HTTP/1.1 200 OK\r\n\r\n', 'the manifest has none'],
      [answer(''), 'the manifest has none'],
      [answer(stranger), `this initramfs does not know key ${stranger.split(' ')[1]}`],
      [answer(good), `the manifest is not what key ${id} signed`, MANIFEST.replace('web01', 'web02')],
      [answer(await signed(keys, 'other')), `the manifest is not what key ${id} signed`],
      [answer(`rsa ${id} ${text}`), 'it is no Ed25519 signature'],
      [answer(`${kind} ../../run/x ${text}`), 'it is no Ed25519 signature'],
      [answer(`${kind} ${id} $(reboot)`), 'it is no Ed25519 signature'],
      [answer(`${kind} ${id} ${text?.slice(4)}`), 'it is no Ed25519 signature'],
      [answer(`${kind} ${id} ${'='.repeat(88)}`), `the manifest is not what key ${id} signed`],
    ];
    for (const [headers, reason, manifest] of cases) {
      const { code, stdout } = await verify(keys, headers, manifest);
      expect(stdout).toContain(`signature: The manifest is not believed: ${reason}`);
      expect(code).toBe(1);
    }
  });

  it('is not made good by another key under its name', async () => {
    const folder = temporaryFolder();
    const [mine, other] = [new FsSigningKeys(join(folder, 'a')), new FsSigningKeys(join(folder, 'b'))];
    const signature = await signed(mine);
    const impostor = {
      trusted: async () =>
        (await other.trusted()).map((key) => ({ ...key, keyId: signature.split(' ')[1] ?? '' })),
    };
    expect((await verify(impostor, answer(signature))).code).toBe(1);
  });
});
