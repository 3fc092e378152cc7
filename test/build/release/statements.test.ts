import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IN_TOTO, parseEnvelope, preAuthentication, seal } from '../../../src/build/release/envelope.ts';
import { provenanceText, withoutCredentials } from '../../../src/build/release/provenance.ts';
import { debPurl, spdxText } from '../../../src/build/release/sbom.ts';
import type { PackageList } from '../../../src/core/package.ts';
import { aRelease, imageName } from '../../builders.ts';
import { trulyNamed } from '../../truly-named.ts';
import { verifyBySigstore } from './sigstore.ts';
import { statementFaults } from './slsa.ts';
import { spdxFaults } from './spdx.ts';

const SUBJECT = { image: imageName('web'), architecture: 'amd64', builder: 'bivouac 0.1.0' } as const;
const LIST: PackageList = {
  distribution: { id: 'debian', version: 'trixie' },
  packages: [
    { name: 'g++', version: '4:14.2.0-1', architecture: 'amd64', source: 'gcc-defaults (1.220)' },
    { name: 'g--', version: '1~rc1', architecture: 'amd64', maintainer: 'Ada <ada@example.org>' },
  ],
};

describe('a bill of materials', () => {
  it('names every package by an id of its own, its version and its package URL', () => {
    const text = spdxText(LIST, SUBJECT);
    const document: unknown = JSON.parse(text);
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      creationInfo: { created: '2025-08-09T00:00:00Z', creators: ['Tool: bivouac-0.1.0'] },
      packages: [
        { SPDXID: 'SPDXRef-Image', name: 'web', primaryPackagePurpose: 'OPERATING_SYSTEM' },
        {
          SPDXID: 'SPDXRef-Package-g---amd64',
          versionInfo: '4:14.2.0-1',
          externalRefs: [{ referenceLocator: 'pkg:deb/debian/g%2B%2B@4:14.2.0-1?arch=amd64&distro=trixie' }],
        },
        { SPDXID: 'SPDXRef-Package-g---amd64-again2', supplier: 'Organization: Ada (ada@example.org)' },
      ],
    });
    expect(spdxText(LIST, SUBJECT)).toBe(text);
    expect(debPurl({ name: 'a', version: '1', architecture: 'all' }, undefined)).toBe(
      'pkg:deb/debian/a@1?arch=all',
    );
  });

  it('is what SPDX asks for, whatever the names', () => {
    expect(spdxFaults(spdxText(LIST, SUBJECT))).toEqual([]);
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    const line = text.filter((some) => !/[\n\r\u2028\u2029]/.test(some) && some.trim() !== '');
    const maintainer = fc.oneof(
      line,
      line.map((name) => `${name} <a@b.example>`),
    );
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/);
    const version = fc.stringMatching(/^[0-9]:[0-9][A-Za-z0-9.+~-]{0,6}$/);
    const one = fc.record({ name, version, architecture: fc.constantFrom('amd64', 'all'), maintainer });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 5 }), (packages) => {
        expect(spdxFaults(spdxText({ packages }, SUBJECT))).toEqual([]);
      }),
    );
    expect(spdxFaults(spdxText(LIST, SUBJECT).replace('OPERATING_', 'OPERATING-'))).not.toEqual([]);
    expect(spdxFaults(spdxText(LIST, SUBJECT).replace('"supplier"', '"suplier"'))).not.toEqual([]);
  });

  it('points only to ids that are there, each once', () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{0,6}$/);
    const one = fc.record({
      name: word,
      version: word,
      architecture: fc.constantFrom('amd64', 'i386', 'all'),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), (packages) => {
        const { packages: listed, relationships } = JSON.parse(spdxText({ packages }, SUBJECT)) as {
          packages: { SPDXID: string }[];
          relationships: { relatedSpdxElement: string }[];
        };
        const ids = new Set(listed.map(({ SPDXID }) => SPDXID));
        expect(ids.size).toBe(packages.length + 1);
        for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
        expect(new Set(relationships.map(({ relatedSpdxElement }) => relatedSpdxElement))).toEqual(ids);
      }),
    );
  });
});

describe('an envelope', () => {
  it('is signed over type and text, as the protocol gives its example', async () => {
    expect(
      Buffer.from(preAuthentication('http://example.com/HelloWorld', Buffer.from('hello world'))),
    ).toEqual(Buffer.from('DSSEv1 29 http://example.com/HelloWorld 11 hello world'));
    const { privateKey } = generateKeyPairSync('ed25519');
    const signer = {
      keyId: 'k',
      sign: (bytes: Uint8Array) => Promise.resolve(sign(null, bytes, privateKey)),
    };
    const envelope = parseEnvelope(JSON.stringify(await seal('{"ä":1}', IN_TOTO, signer)));
    const payload = Buffer.from(envelope.payload, 'base64');
    expect(payload.toString()).toBe('{"ä":1}');
    const [signature] = envelope.signatures;
    const bytes = Buffer.from(signature?.sig ?? '', 'base64');
    const key = createPublicKey(privateKey);
    expect(verify(null, preAuthentication(envelope.payloadType, payload), key, bytes)).toBe(true);
    expect(verify(null, preAuthentication('text/plain', payload), key, bytes)).toBe(false);
    const pem = key.export({ format: 'pem', type: 'spki' }).toString();
    verifyBySigstore(JSON.stringify(envelope), pem);
    const other = { ...envelope, payload: Buffer.from('{"ä":2}').toString('base64') };
    expect(() => verifyBySigstore(JSON.stringify(other), pem)).toThrow('signature verification failed');
  });

  it('is refused when it is none', () => {
    for (const text of ['', '[]', '{}', 'null', '{"payload":1,"payloadType":"","signatures":[]}']) {
      expect(() => parseEnvelope(text)).toThrow('Cannot read a provenance statement');
    }
  });
});

describe('a statement', () => {
  it('has the form of in-toto and SLSA, and names what the images are described in', () => {
    const source = { kind: 'suite', suite: 'trixie' } as const;
    const packageSources = ['deb http://mirror.example/debian trixie main'];
    const rest = { request: {}, steps: [], results: new Map(), inputs: new Map(), packageSources };
    const configuration = { sha256: 'a'.repeat(64), commit: 'b'.repeat(40) };
    const record = { ...rest, source, configuration, keyId: 'k', startedAt: 0, finishedAt: 1 };
    const text = provenanceText(trulyNamed(aRelease()), record);
    expect(statementFaults(text)).toEqual([]);
    expect(JSON.parse(text)).toMatchObject({
      predicate: {
        buildDefinition: {
          resolvedDependencies: expect.arrayContaining([
            { name: 'images/config.yml', digest: { sha256: 'a'.repeat(64), gitCommit: 'b'.repeat(40) } },
          ]),
        },
      },
    });
    expect(statementFaults(text.replace('"buildType"', '"buildtype"'))).not.toEqual([]);
    expect(statementFaults(text.replace('provenance/v1', 'provenance/v0.2'))).not.toEqual([]);
  });
});

describe('package sources in a statement', () => {
  it('tell no password', () => {
    expect(withoutCredentials('deb [arch=amd64] https://me:secret@mirror.example/debian trixie main')).toBe(
      'deb [arch=amd64] https://mirror.example/debian trixie main',
    );
    expect(withoutCredentials('deb http://mirror.example/debian?token=secret trixie main')).not.toContain(
      'secret',
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9%]{8,20}$/), (secret) => {
        const line = `deb http://u:${secret}@h.example/d trixie main`;
        expect(withoutCredentials(line)).not.toContain(secret);
      }),
    );
  });
});
