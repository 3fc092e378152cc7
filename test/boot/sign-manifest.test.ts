import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { signRelease } from '../../src/build/sign-release.ts';
import type { NamedRelease, NetbootRelease } from '../../src/core/release.ts';
import { aCatalogue, aPublication, aRelease, aSnapshot, digest } from '../builders.ts';
import { trulyNamed } from '../truly-named.ts';
import { booted, HttpFixture } from './http-fixture.ts';

/** A site with one release. */
function fixtureOf(named: NamedRelease<NetbootRelease>) {
  return new HttpFixture(aSnapshot({ catalogue: aCatalogue([aPublication(named)]) }));
}

async function manifestOf(fixture: HttpFixture, form: 'text' | 'json' = 'text') {
  const answer = await fixture.boot.answerManifest(await booted(fixture), form);
  if (answer.kind !== 'text') throw new Error(answer.kind);
  const [, algorithm, keyId, signature] = /^(\S+) (\S+) (\S+)$/.exec(answer.signature ?? '') ?? [];
  return { text: answer.text, algorithm, keyId, signature: Buffer.from(signature ?? '', 'base64') };
}

describe('the signature of a manifest', () => {
  it.each(['text', 'json'] as const)('is of the exact bytes of its %s', async (form) => {
    const named = trulyNamed(aRelease());
    const fixture = fixtureOf(named);
    await signRelease(named.digest, fixture.signing);
    const { text, algorithm, keyId, signature } = await manifestOf(fixture, form);
    const [key] = await fixture.signing.keys.trusted();
    expect([algorithm, keyId]).toEqual(['ed25519', key?.keyId]);
    const publicKey = createPublicKey(key?.pem ?? '');
    expect(verify(null, Buffer.from(text), publicKey, signature)).toBe(true);
    expect(verify(null, Buffer.from(text.replace('web01', 'web02')), publicKey, signature)).toBe(false);
  });

  it('is by a key that the initramfs of the release believes, however new others are', async () => {
    const probe = new HttpFixture();
    const old = (await probe.signing.keys.current()).keyId;
    const named = trulyNamed(aRelease({ keys: [old] }));
    const fixture = fixtureOf(named);
    Object.assign(fixture.signing, { keys: probe.signing.keys });
    await signRelease(named.digest, fixture.signing);
    await probe.signing.keys.rotate();
    expect((await manifestOf(fixture)).keyId).toBe(old);
    await signRelease(named.digest, fixture.signing);
    await probe.signing.keys.retire(old);
    expect((await manifestOf(fixture)).keyId).toBeUndefined();
    await fixture.facts.settled();
    expect(JSON.stringify(fixture.recorder.facts)).toContain('manifest not signed: no key is left');
  });

  it('is not given for a release that nobody signed, or whose signature is of another', async () => {
    const fixture = new HttpFixture();
    const { keyId } = await fixture.signing.keys.current();
    const named = trulyNamed(aRelease({ keys: [keyId] }));
    const signed = fixtureOf(named);
    Object.assign(signed.signing, { keys: fixture.signing.keys });
    expect((await manifestOf(signed)).keyId).toBeUndefined();
    await signRelease(digest('e'), signed.signing);
    const [other] = await signed.signing.signatures.of(digest('e'));
    await signed.signing.signatures.put(named.digest, other ?? { keyId, signature: new Uint8Array(64) });
    expect((await manifestOf(signed)).keyId).toBeUndefined();
    await signed.facts.settled();
    expect(JSON.stringify(signed.recorder.facts)).toContain('has no valid signature (invalid)');
  });

  it('is not given for a signed release whose document was changed since', async () => {
    const fixture = new HttpFixture();
    const { keyId } = await fixture.signing.keys.current();
    const { digest: signed, release } = trulyNamed(aRelease({ keys: [keyId] }));
    const changed = { ...release, initramfs: { ...release.initramfs, digest: digest('0') } };
    const tampered = fixtureOf({ digest: signed, release: changed });
    Object.assign(tampered.signing, { keys: fixture.signing.keys });
    await signRelease(signed, tampered.signing);
    expect((await manifestOf(tampered)).keyId).toBeUndefined();
    await tampered.facts.settled();
    expect(JSON.stringify(tampered.recorder.facts)).toContain('manifest not signed: the document of release');
  });
});
