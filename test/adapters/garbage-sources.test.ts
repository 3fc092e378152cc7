import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { FsSourceStore } from '../../src/adapters/fs-source-store.ts';
import { type GarbagePlace, openGarbageSite } from '../../src/adapters/garbage-site.ts';
import { mirrorName } from '../../src/adapters/git.ts';
import { openState } from '../../src/adapters/state.ts';
import { sourceKey } from '../../src/build/content-id.ts';
import { IN_TOTO, seal } from '../../src/build/release/envelope.ts';
import { provenanceText } from '../../src/build/release/provenance.ts';
import type { Digest } from '../../src/core/artefact.ts';
import { anImage, aPolicy, aRelease, digest, hostFilesOf } from '../builders.ts';
import { testSigning } from '../fakes/signing.ts';
import { temporaryFolder } from '../temporary.ts';
import { trulyNamed } from '../truly-named.ts';

const SITE = { policy: aPolicy(), hosts: [], hostFiles: hostFilesOf() };
const SOURCE = { kind: 'download', format: 'disk', url: 'https://a.example/d', sums: '/sums' } as const;

/** The statement of a release whose root was made from the download with this sum. */
async function statementOf(sum: string): Promise<string> {
  const inputs = new Map([[sourceKey(SOURCE), sum]]);
  const rest = {
    request: {},
    steps: [],
    results: new Map(),
    packageSources: [],
    startedAt: 0,
    finishedAt: 0,
  };
  const text = provenanceText(trulyNamed(aRelease()), { ...rest, source: SOURCE, inputs, keyId: 'k' });
  return JSON.stringify(await seal(text, IN_TOTO, await testSigning().keys.current()));
}

/** What goes of a folder that nothing was changed in for long. */
async function sweptOf(
  place: GarbagePlace,
  kind: 'downloads' | 'repositories',
  statements: readonly Digest[] = [],
): Promise<readonly string[]> {
  const state = await openState(place.directories.data, () => SITE);
  const folder = openGarbageSite(place, state)[kind];
  const isNeeded = await folder.judge(statements);
  const unused = (await folder.list()).filter(({ name }) => !isNeeded(name)).map(({ name }) => name);
  for (const name of unused) await folder.remove(name);
  await state.close();
  return unused.sort();
}

test('downloads stay that an image of the configuration or a kept release is made from, and so do their parts', async () => {
  const data = temporaryFolder();
  const [configured, released, gone] = ['1', '2', '3'].map((digit) => `${digit.repeat(32)}-debian.qcow2`);
  const part = `${gone}.${'a'.repeat(16)}.part`;
  const store = await FsSourceStore.open(join(data, 'sources'));
  for (const name of [configured, released, gone, part, `${configured}.${'b'.repeat(16)}.part`, 'mine.txt'])
    writeFileSync(join(store.folder, name ?? ''), 'bytes');
  await store.pin(`download ${SOURCE.url} ${SOURCE.sums}`, '1'.repeat(128));
  const state = await openState(data, () => SITE);
  const kept = await state.artefacts.putBytes(Buffer.from(await statementOf('2'.repeat(128))));
  const broken = await state.artefacts.putBytes(Buffer.from('[]'));
  await state.close();
  const place = {
    directories: { data },
    ansible: { repository: undefined },
    images: [anImage({ source: SOURCE })],
  };
  const statements = [kept.digest, broken.digest, digest('9')];
  expect(await sweptOf(place, 'downloads', statements)).toEqual([gone, part]);
  expect(readdirSync(store.folder)).toContain('mine.txt');
});

test('mirrors stay that the configuration names; what was checked out goes, and nothing else is touched', async () => {
  const data = temporaryFolder();
  const [playbooks, recipe] = ['git@a.example:p.git', 'https://a.example/r.git'];
  const old = '0'.repeat(16);
  const files = [
    `playbooks/${mirrorName(playbooks)}.git/HEAD`,
    `playbooks/${mirrorName(playbooks)}.config`,
    `playbooks/${old}.git/objects/pack/p`,
    `playbooks/${old}.ssh_config`,
    `playbooks/commits/${'a'.repeat(40)}/site.yml`,
    `playbooks/commits/.new-1-${'b'.repeat(40)}/files/site.yml`,
    `recipes/${mirrorName(recipe)}.git/HEAD`,
    `recipes/${mirrorName(playbooks)}.git/HEAD`,
    'playbooks/notes',
  ];
  for (const file of files) {
    mkdirSync(dirname(join(data, file)), { recursive: true });
    writeFileSync(join(data, file), 'bytes');
  }
  mkdirSync(join(data, 'elsewhere'));
  symlinkSync(join(data, 'elsewhere'), join(data, 'recipes', `${old}.git`));
  const stage = {
    kind: 'recipe',
    name: 'r',
    source: { repository: recipe, revision: undefined, folder: undefined },
  } as const;
  const place = {
    ...{ directories: { data }, ansible: { repository: playbooks } },
    images: [anImage({ stages: [stage] })],
  };
  expect(await sweptOf(place, 'repositories')).toEqual([
    `playbooks/${old}.git`,
    `playbooks/${old}.ssh_config`,
    `playbooks/commits/${'a'.repeat(40)}`,
    `recipes/${mirrorName(playbooks)}.git`,
  ]);
  expect(existsSync(join(data, 'elsewhere'))).toBe(true);
  expect(await sweptOf(place, 'repositories')).toEqual([]);
});
