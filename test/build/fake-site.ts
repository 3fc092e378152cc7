import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildSite } from '../../src/build/site.ts';
import type { ImageDefinition, StageDefinition } from '../../src/core/image.ts';
import type { CommandRunner } from '../../src/ports/command.ts';
import { anImage, imageName } from '../builders.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { FakeBuildCache } from '../fakes/build-cache.ts';
import { FakeBuildLocks } from '../fakes/build-locks.ts';
import { FakeBuiltImages } from '../fakes/built-images.ts';
import { FakeCatalogueStore } from '../fakes/catalogue-store.ts';
import { FakeChannelStore } from '../fakes/channel-store.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeContainerEngine } from '../fakes/container-engine.ts';
import { FakeHostLayerStore } from '../fakes/host-layers.ts';
import { NO_PLAYBOOKS, NO_RECIPES } from '../fakes/playbooks.ts';
import { FakeReleaseStore } from '../fakes/release-store.ts';
import { testSigning } from '../fakes/signing.ts';
import { FakeSourceStore } from '../fakes/source-store.ts';
import { temporaryFolder } from '../temporary.ts';

/** A build site without programs: mksquashfs writes a file of fixed content for each call. */
export function fakeSite() {
  const folder = temporaryFolder();
  const engine = new FakeContainerEngine(join(folder, 'containers'));
  const ran: string[] = [];
  const commands: CommandRunner = {
    run: (argv) => {
      ran.push(argv[0]);
      if (argv[0] === 'mksquashfs') writeFileSync(argv[2] ?? '', `squashfs ${ran.length}`);
      return Promise.resolve({ stdout: '' });
    },
    start: () => Promise.reject(new Error('not used here')),
  };
  const catalogue = new FakeCatalogueStore();
  const artefacts = new FakeArtefactStore();
  const cache = new FakeBuildCache();
  const built = new FakeBuiltImages();
  const locks = new FakeBuildLocks();
  const mirror = {
    sources: () => Promise.resolve(['deb mirror suite main'] as const),
    proxy: () => Promise.resolve({}),
  };
  const site: BuildSite = {
    conffs: { layers: new FakeHostLayerStore(), limit: 50 * 1024 * 1024, rehearse: () => Promise.resolve(0) },
    world: {
      engine,
      commands,
      artefacts,
      mirror,
      sources: new FakeSourceStore(join(folder, 'downloads')),
      playbooks: NO_PLAYBOOKS,
      recipes: NO_RECIPES,
    },
    cache,
    built,
    catalogue,
    releases: new FakeReleaseStore(catalogue),
    channels: new FakeChannelStore(catalogue),
    signing: testSigning(),
    locks,
    parallel: 2,
    clock: new FakeClock(0),
    workFolder: join(folder, 'work'),
    builder: 'test',
  };
  return { folder, site, engine, ran, catalogue, artefacts, cache, built, locks };
}

/** Release master `trixie` and image `demo` that publishes `/etc/demo`, its scripts written to `folder`. */
export function demoTree(
  folder: string,
  scripts: Readonly<Record<string, string>>,
): readonly ImageDefinition[] {
  const { parent: _parent, kernel: _kernel, ...plain } = anImage({ cmdline: [], stages: [] });
  const stages = Object.entries(scripts).map(([name, text]): StageDefinition => {
    const path = join(folder, 'images', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return { kind: 'script', name, path };
  });
  const outputs = [{ kind: 'files', files: [{ name: 'demo', path: '/etc/demo' }] }] as const;
  return [
    { ...plain, name: imageName('trixie'), outputs: [{ kind: 'netboot' }] },
    { ...plain, name: imageName('demo'), parent: imageName('trixie'), stages, outputs },
  ];
}
