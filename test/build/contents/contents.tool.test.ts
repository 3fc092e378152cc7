import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import { SquashfsLayerFiles } from '../../../src/adapters/squashfs/layer-files.ts';
import { ListingCache } from '../../../src/adapters/squashfs/listing-cache.ts';
import { compareReleases } from '../../../src/build/contents/compare.ts';
import { whoWrote } from '../../../src/build/contents/who.ts';
import type { BuildOutcome } from '../../../src/build/outcome.ts';
import { parseEnvelope } from '../../../src/build/release/envelope.ts';
import type { BuildSite } from '../../../src/build/site.ts';
import { digestHex } from '../../../src/core/artefact.ts';
import { describeWith } from '../../requirements.ts';
import { BUILD_TOOLS, BuildFolder, layersOf, TWO } from '../build-folder.ts';
import { verifyBySigstore } from '../release/sigstore.ts';
import { statementFaults } from '../release/slsa.ts';
import { spdxFaults } from '../release/spdx.ts';

describeWith([...BUILD_TOOLS, 'sqfs2tar'], 'what real releases hold', () => {
  let folder: BuildFolder;
  let site: BuildSite;
  let first: BuildOutcome;
  let second: BuildOutcome;
  let files: SquashfsLayerFiles;

  beforeAll(async () => {
    folder = new BuildFolder();
    site = await folder.seededSite();
    first = await folder.build(site);
    folder.writeScript('two.sh', `${TWO}rm /etc/shells; chmod 0700 /usr/bin/env; echo longer > /etc/two\n`);
    second = await folder.build(site);
    const artefacts = await FsArtefactStore.open(join(folder.data(), 'artefacts'));
    const cache = new ListingCache(join(folder.data(), 'listings'), () => Promise.resolve(true));
    files = new SquashfsLayerFiles({ artefacts, commands: commandRunner, cache });
  }, 600_000);

  afterAll(() => folder.remove());

  it('tells what the stages did to the packages, and lists them in a bill of materials', async () => {
    const { layers, sbom, schema } = first.release.release;
    expect(schema).toBe(2);
    const added = layers.at(0)?.packages?.added ?? [];
    expect(added.map(({ name }) => name)).toEqual(expect.arrayContaining(['base-files', 'dpkg', 'libc6']));
    expect(layers.slice(1).map(({ packages }) => packages)).toEqual([undefined, undefined, undefined]);
    if (sbom === undefined) throw new Error('Expected a bill of materials');
    const text = Buffer.from(await site.world.artefacts.readAll(sbom.digest, 10_000_000)).toString();
    expect(spdxFaults(text)).toEqual([]);
    const { packages } = JSON.parse(text) as { packages: unknown[] };
    expect(packages).toHaveLength(added.length + 1);
  });

  it('says how it was made, by which stages, signed over that very release', async () => {
    const [statement] = await site.releases.attestations(first.release.digest);
    if (statement === undefined) throw new Error('Expected a statement');
    const text = Buffer.from(await site.world.artefacts.readAll(statement.digest, 1_000_000)).toString();
    const [trusted] = await site.signing.keys.trusted();
    verifyBySigstore(text, trusted?.pem ?? '');
    const { payload, signatures } = parseEnvelope(text);
    expect(signatures.map(({ keyid }) => keyid)).toEqual([trusted?.keyId]);
    const stated = Buffer.from(payload, 'base64').toString();
    expect(statementFaults(stated)).toEqual([]);
    expect(JSON.parse(stated)).toMatchObject({
      subject: expect.arrayContaining([
        { name: 'release of demo', digest: { sha256: digestHex(first.release.digest) } },
      ]),
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          resolvedDependencies: expect.arrayContaining([
            { name: 'demo: one.sh', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
            expect.objectContaining({ name: 'package source' }),
          ]),
        },
        runDetails: {
          byproducts: expect.arrayContaining([
            expect.objectContaining({
              name: 'demo: two.sh',
              annotations: expect.objectContaining({ stage: 'two.sh', seconds: expect.any(Number) }),
            }),
          ]),
        },
      },
    });
  });

  it('tells two releases apart by files, stages and bytes to fetch', async () => {
    const world = { artefacts: site.world.artefacts, files };
    const diff = await compareReleases([first.release, second.release], world, 100);
    expect(diff.packages).toEqual({ added: [], removed: [], upgraded: [] });
    const top = layersOf(second).at(-1);
    expect(diff.files.listed.map(({ change, path, what }) => [change, path, what])).toEqual([
      ['removed', '/etc/shells', undefined],
      ['changed', '/etc/two', ['content', 'size']],
      ['changed', '/usr/bin/env', ['mode']],
    ]);
    for (const { by } of diff.files.listed) {
      expect(by).toMatchObject({ image: 'demo', stage: 'two.sh', layer: top?.digest, number: 4 });
    }
  });

  it('says who wrote a path', async () => {
    const { release } = second.release;
    expect(await whoWrote(release, '/bin/env', files)).toMatchObject({
      resolved: '/usr/bin/env',
      state: 'present',
      entry: { mode: '0700', owner: '0:0' },
      by: { stage: 'two.sh' },
      packages: ['coreutils'],
      earlier: expect.arrayContaining([
        { by: expect.objectContaining({ stage: 'bootstrap' }), entry: expect.anything() },
      ]),
    });
    expect(await whoWrote(release, '/lib/x86_64-linux-gnu/libc.so.6', files)).toMatchObject({
      by: { stage: 'bootstrap', image: 'trixie' },
      packages: ['libc6:amd64'],
    });
    expect(await whoWrote(release, '/etc/shells', files)).toMatchObject({
      state: 'deleted',
      by: { stage: 'two.sh' },
    });
    expect(await whoWrote(release, '/usr/share/doc/libc6/copyright', files)).toMatchObject({
      state: 'deleted',
      by: { stage: 'one.sh' },
    });
    expect(await whoWrote(release, '/etc/demo/hello', files)).toMatchObject({
      by: { stage: 'files' },
      packages: [],
    });
    expect(await whoWrote(release, '/etc/nothing', files)).toMatchObject({ state: 'absent' });
  });
});
