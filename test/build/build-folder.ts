import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { commandRunner } from '../../src/adapters/command.ts';
import { buildImage } from '../../src/build/build.ts';
import { parseContentId } from '../../src/build/content-id.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { BuildSite } from '../../src/build/site.ts';
import type { ArtefactRef } from '../../src/core/artefact.ts';
import type { ContainerImageId } from '../../src/ports/container-engine.ts';
import { imageName } from '../builders.ts';
import { realSite, seedTree, smallTree } from './site.ts';

/** The image that `smallTree` describes. */
export const DEMO = imageName('demo');

/** What builds by real programs need. */
export const BUILD_TOOLS = ['root', 'buildah', 'mmdebstrap', 'mksquashfs', 'flock'] as const;

// Deletes, replaces and renames, so that whiteouts and opaque directories come up; asks its environment.
const ONE = `
test "$BIVOUAC_IMAGE" = demo
test "$BIVOUAC_STAGE" = one.sh
test "$(hostname)" = localhost
test -x /usr/sbin/policy-rc.d
getent hosts localhost > /dev/null
rm /etc/debian_version
rm -r /usr/share/doc
mkdir /usr/share/doc
echo one > /usr/share/doc/one
rm -r /usr/share/common-licenses
mv /usr/share/zoneinfo /usr/share/zones 2>/dev/null || mkdir /usr/share/zones
chmod 0600 /etc/shells
setcap cap_net_raw+ep /usr/bin/env 2>/dev/null || true
ln -s one /usr/share/doc/link
echo junk > /tmp/junk
`;

/** The last script of the image, as it is first. */
export const TWO = 'date -d @0 > /dev/null; echo two > /etc/two\n';

// A Debian root as it was made by an earlier run, so that not every file of tests has to make one. No data directory
// of a test: it is only ever copied.
const SEED = resolve(import.meta.dirname, '../../.bivouac-test/seed');

/** A temporary folder with the files of an image and data directories to build it in, by real programs. */
export class BuildFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'bivouac-build-'));
  readonly images = join(this.path, 'images');

  constructor() {
    const file = (name: string, text: string, mode = 0o644): void => {
      writeFileSync(join(this.images, 'files', name), text, { mode });
    };
    for (const name of ['etc/demo', 'lib/demo', 'root'])
      mkdirSync(join(this.images, 'files', name), { recursive: true });
    file('root/note', '');
    file('etc/demo/hello', 'hello\n');
    file('lib/demo/tool', '#!/bin/sh\n', 0o700);
    file('etc/hosts', '127.0.0.1 demo\n');
    symlinkSync('hello', join(this.images, 'files/etc/demo/link'));
    symlinkSync('../run/demo/resolv.conf', join(this.images, 'files/etc/resolv.conf'));
    chmodSync(join(this.images, 'files/etc/demo/hello'), 0o660);
    this.writeScript('one.sh', ONE);
    this.writeScript('two.sh', TWO);
  }

  data(name = 'a'): string {
    return join(this.path, name);
  }

  writeScript(name: string, text: string): void {
    writeFileSync(join(this.images, name), text);
  }

  /** A site in a new data directory where the Debian root is known. */
  async seededSite(name = 'a'): Promise<BuildSite> {
    const signal = new AbortController().signal;
    const seed = await realSite(SEED);
    const images = seedTree();
    await buildImage({ image: imageName('seed'), images, log: () => {}, signal, whenBusy: 'wait' }, seed);
    await seed.close();
    await commandRunner.run(['cp', '--archive', SEED, this.data(name)]);
    return await realSite(this.data(name));
  }

  async build(
    site: BuildSite,
    log: (line: string) => void = () => undefined,
    images = smallTree(this.images),
  ): Promise<BuildOutcome> {
    const signal = new AbortController().signal;
    return await buildImage({ image: DEMO, images, log, signal }, site);
  }

  /** Build in another process and kill it with signal 9 once a line of its log ends like this. */
  async killedBuild(at: string, name = 'a'): Promise<NodeJS.Signals | null> {
    const program = join(import.meta.dirname, 'fixtures/run-build.ts');
    const child = spawn(process.execPath, [program, this.data(name), this.images], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.endsWith(at)) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.signalCode;
  }

  /** What a build must not leave in a data directory. */
  async leftovers(name = 'a'): Promise<readonly string[]> {
    const mounts = await mountPointsBelow(this.data(name));
    const containers = await readFile(
      join(this.data(name), 'containers/root/overlay-containers/containers.json'),
      'utf8',
    );
    const work = existsSync(join(this.data(name), 'work')) ? ['work'] : [];
    return [...mounts.filter((point) => !point.endsWith('/root/overlay')), ...parseList(containers), ...work];
  }

  async remove(): Promise<void> {
    for (const point of await mountPointsBelow(this.path)) {
      await commandRunner.run(['umount', '--lazy', point]);
    }
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Layers of the release that a build came to, base first. */
export function layersOf({ release }: BuildOutcome): readonly ArtefactRef[] {
  return release.release.layers;
}

/** The container image that holds the layer of this index and all below it. */
export async function containerOf(
  { release }: BuildOutcome,
  index: number,
  site: BuildSite,
): Promise<ContainerImageId> {
  const id = parseContentId(release.release.layers[index]?.contentId ?? '');
  const result = await site.cache.find(id);
  if (result?.kind !== 'layer') throw new Error(`Expected the result of layer ${index}`);
  return result.container;
}

function parseList(text: string): readonly string[] {
  const rows: unknown = JSON.parse(text);
  return Array.isArray(rows) ? rows.map((row) => JSON.stringify(row)) : [text];
}
