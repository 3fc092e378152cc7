import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Envelope, parseEnvelope, seal } from '../../src/build/release/envelope.ts';
import { type Digest, digestFromHex } from '../../src/core/artefact.ts';
import { verifyBySigstore } from '../build/release/sigstore.ts';
import { statementFaults } from '../build/release/slsa.ts';
import { digest } from '../builders.ts';
import { testSigning } from '../fakes/signing.ts';
import { TrustedSite } from './trusted-site.ts';

/** The statement that is kept of the release, and its envelope. */
async function statementOf(site: TrustedSite): Promise<{ digest: Digest; envelope: Envelope }> {
  const row = await site.inDatabase((query) =>
    query.selectFrom('attestations').selectAll().orderBy('sequence', 'desc').executeTakeFirstOrThrow(),
  );
  return { digest: row.digest, envelope: parseEnvelope(readFileSync(site.fileOf(row.digest), 'utf8')) };
}

/** Have the database name another envelope in place of the one that is there. */
async function replaceEnvelope(site: TrustedSite, envelope: unknown): Promise<void> {
  const text = JSON.stringify(envelope);
  const made = digestFromHex(createHash('sha256').update(text).digest('hex'));
  if (made === undefined) throw new Error('no digest');
  mkdirSync(dirname(site.fileOf(made)), { recursive: true });
  writeFileSync(site.fileOf(made), text);
  await site.inDatabase((query) => query.updateTable('attestations').set({ digest: made }).execute());
}

/** The payload of an envelope, changed. */
function changed({ payload }: Envelope, change: (text: string) => string): string {
  return change(Buffer.from(payload, 'base64').toString());
}

test('a good release is good in every part, and says by which key', async () => {
  const site = await TrustedSite.open();
  const { code, stdout } = await site.run('release', 'verify', 'web');
  expect(code, stdout).toBe(0);
  const key = site.keyId;
  expect(stdout.split('\n').map((line) => line.replace(/ +sha256:[0-9a-f]{12} +/, ' | '))).toEqual([
    expect.stringMatching(/^WHAT +DIGEST/),
    `release signature | good, by key ${key}`,
    'document | good',
    `manifest signature | good, by key ${key}, which the initramfs believes`,
    `provenance | good, signed by key ${key}`,
    'kernel | good',
    'initramfs | good',
    expect.stringMatching(/^layer .*: .* \| good$/),
    'bill of materials | good',
    '',
  ]);
  expect((await site.run('release', 'verify', site.named.digest.slice(7, 15))).code).toBe(0);
  expect((await site.run('--json', 'release', 'verify', 'nothing')).stdout).toContain('There is no release');
});

test('the statement that is kept is one that in-toto, SLSA and the verifier of sigstore take', async () => {
  const site = await TrustedSite.open();
  const { digest: kept, envelope } = await statementOf(site);
  verifyBySigstore(readFileSync(site.fileOf(kept), 'utf8'), await site.publicKey());
  expect(statementFaults(changed(envelope, (text) => text))).toEqual([]);
});

describe('what was changed is named, and the next build mends what it can', () => {
  test('bytes of artefacts', async () => {
    const site = await TrustedSite.open();
    const { kernel, initramfs, layers, sbom } = site.named.release;
    site.damage(kernel, 'kernal');
    site.damage(initramfs, 'short');
    site.damage(layers[0]);
    site.damage(sbom ?? kernel, '{"spdxVersion":"SPDX-2.4"}');
    const faults = await site.faults();
    const layer = Object.keys(faults).find((what) => what.startsWith('layer ')) ?? '';
    expect(faults).toEqual({
      kernel: expect.stringContaining('its content has digest sha256:'),
      initramfs: 'it has 5 bytes, wanted 9',
      [layer]: 'it is missing',
      'bill of materials': expect.stringContaining('its content has digest'),
    });
    const text = await site.run('release', 'verify', 'web');
    expect(text.code).toBe(1);
    expect(text.stdout).toMatch(/kernel +sha256:\S+ +BAD: its content has digest/);
  });

  test('the document in the database', async () => {
    const site = await TrustedSite.open();
    await site.inDatabase(async (query) => {
      const { document } = await query.selectFrom('releases').selectAll().executeTakeFirstOrThrow();
      await query
        .updateTable('releases')
        .set({ document: document.replace('"cmdline":[', '"cmdline":["init=/bin/sh",') })
        .execute();
    });
    expect(await site.faults()).toEqual({ document: expect.stringContaining('it has digest sha256:') });
    await site.publish();
    expect(await site.faults()).toEqual({});
  });

  test('the signature of the release', async () => {
    const site = await TrustedSite.open();
    const signature = Buffer.alloc(64).toString('base64');
    await site.inDatabase((query) => query.updateTable('release_signatures').set({ signature }).execute());
    expect(await site.faults()).toEqual({ 'release signature': 'it is of another release or was changed' });
    await site.publish();
    expect(await site.faults()).toEqual({});
    await site.inDatabase((query) => query.deleteFrom('release_signatures').execute());
    expect(await site.faults()).toEqual({ 'release signature': 'it has none' });
  });

  test('the statement of how it was made', async () => {
    const site = await TrustedSite.open();
    const { digest: kept, envelope } = await statementOf(site);
    const lie = changed(envelope, (text) => text.replace('"suite":"trixie"', '"suite":"sid"'));
    const payload = Buffer.from(lie).toString('base64');
    site.damage({ digest: kept }, JSON.stringify({ ...envelope, payload }));
    expect(await site.faults()).toEqual({ provenance: expect.stringContaining('its content has digest') });
    await site.publish();
    expect(await site.faults()).toEqual({});

    const others = await testSigning().keys.current();
    const text = changed(envelope, (same) => same);
    const cases: readonly (readonly [unknown, string])[] = [
      [{ ...envelope, payload }, 'its signature is of another text, or was changed'],
      [{ ...envelope, payloadType: 'text/plain' }, 'its payload is "text/plain", wanted "application/vnd'],
      [{ ...envelope, signatures: [] }, 'it is not signed'],
      [{ ...envelope, signatures: [{ keyid: 1 }] }, 'it is no DSSE envelope'],
      [await seal(text, envelope.payloadType, others), 'by a key that is not trusted any more'],
    ];
    for (const [replaced, fault] of cases) {
      await replaceEnvelope(site, replaced);
      expect(await site.faults()).toEqual({ provenance: expect.stringContaining(fault) });
    }
    await site.publish();
    expect(await site.faults()).toEqual({});
    await site.inDatabase((query) => query.deleteFrom('attestations').execute());
    expect(await site.faults()).toEqual({ provenance: 'it has none' });
  });

  test('a statement that is well signed, but about something else', async () => {
    const site = await TrustedSite.open();
    const { envelope } = await statementOf(site);
    const { release } = site.named;
    const hexOf = (one: Digest): string => one.slice('sha256:'.length);
    const signer = await site.signer();
    const cases: readonly (readonly [(text: string) => string, string])[] = [
      [(text) => text.replace(hexOf(site.named.digest), hexOf(digest('0'))), 'it is about another release'],
      [
        (text) => text.replace(hexOf(release.kernel.digest), '0'),
        `it does not name ${release.kernel.digest}`,
      ],
      [(text) => text.replace('in-toto.io/Statement/v1', 'in-toto.io/Statement/v0.1'), 'its type is "https'],
      [(text) => text.replace('provenance/v1', 'provenance/v0.2'), 'its predicate is "https'],
      [() => '[', 'its payload is no in-toto statement'],
    ];
    for (const [change, fault] of cases) {
      await replaceEnvelope(site, await seal(changed(envelope, change), envelope.payloadType, signer));
      expect(await site.faults()).toEqual({ provenance: expect.stringContaining(fault) });
    }
  });
});

test('keys that were rotated count until they are retired; their statements are signed anew before', async () => {
  const site = await TrustedSite.open();
  const made = (JSON.parse((await site.run('--json', 'key', 'rotate')).stdout) as { keyId: string }).keyId;
  expect((await site.run('release', 'verify', 'web')).stdout).toMatch(
    new RegExp(`provenance .* signed by key ${site.keyId}`),
  );
  expect(await site.faults()).toEqual({});
  expect((await site.run('key', 'retire', '--force', site.keyId)).code).toBe(0);
  const { stdout } = await site.run('release', 'verify', 'web');
  expect(stdout).toMatch(new RegExp(`release signature .* by key ${made}`));
  expect(stdout).toMatch(new RegExp(`provenance .* signed by key ${made}`));
  expect(await site.faults()).toEqual({
    'manifest signature': `no key is left that the initramfs believes (${site.keyId})`,
  });
  expect((await statementOf(site)).envelope.signatures.map(({ keyid }) => keyid)).toEqual([made, site.keyId]);
});
