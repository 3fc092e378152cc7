import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';
import { buildImage } from '../../src/build/build.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { imageTree } from '../../src/build/tree.ts';
import type { Cpu } from '../../src/core/arch.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { imageName } from '../builders.ts';
import { layersOf } from './build-folder.ts';
import { fillBusyboxRoot } from './busybox-root.ts';
import { kindOf, realSite } from './site.ts';
import { describeTree } from './tree-listing.ts';

/** A folder with a small root that sources are made of, and a site to build from them in. */
export class SourceFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'bivouac-sources-'));
  readonly root = join(this.path, 'root');
  readonly images = join(this.path, 'images');
  readonly data = join(this.path, 'data');

  /** Make the root: files whose metadata is easily lost. */
  async prepare(): Promise<void> {
    mkdirSync(this.images);
    await fillBusyboxRoot(this.root);
    const file = (name: string): string => join(this.root, name);
    writeFileSync(file('etc/os-release'), 'ID=tiny\n');
    writeFileSync(file('srv/private'), 'private\n', { mode: 0o600 });
    writeFileSync(file('srv/tool'), '#!/bin/sh\n');
    chmodSync(file('srv/tool'), 0o4755);
    linkSync(file('srv/tool'), file('srv/same-tool'));
    symlinkSync('/etc/os-release', file('srv/link'));
    mkdirSync(file('srv/ sp ace'));
    await commandRunner.run(['chown', '--recursive', '1234:4321', file('srv/private')]);
    await commandRunner.run(['setfattr', '--name', 'user.bivouac', '--value', 'kept', file('srv/private')]);
    utimesSync(file('srv/private'), 1_000_000_000, 1_000_000_000);
  }

  /** Run a program in the folder of the sources. */
  async run(...argv: readonly [string, ...string[]]): Promise<string> {
    return (await commandRunner.run(argv, { cwd: this.path })).stdout;
  }

  site(data = 'data'): Promise<BuildSite> {
    return realSite(join(this.path, data));
  }

  /** Build an image that publishes `/etc/os-release` of a root from this source. */
  async build(
    source: object,
    { site, log = () => undefined, arch = 'amd64', fresh = false }: BuildWishes,
  ): Promise<BuildOutcome> {
    const outputs = { files: { release: '/etc/os-release' } };
    const value = { base: { ...source, arch, tiny: { outputs } } };
    const { images, faults } = imageTree(value, {
      directory: this.images,
      architecture: 'amd64',
      stat: kindOf,
    });
    if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join('\n'));
    const signal = new AbortController().signal;
    return await buildImage({ image: imageName('tiny'), images, log, signal, fresh }, site);
  }

  /** Where the first layer of a build is unpacked by `filesOf` and `sumOf`. */
  unpacked(outcome: BuildOutcome): string {
    return join(this.path, `unpacked-${firstLayer(outcome).slice(0, 12)}`);
  }

  /** One line for each entry of the first layer. */
  async filesOf(outcome: BuildOutcome): Promise<readonly string[]> {
    return (await this.describe(outcome)).entries;
  }

  /** The digest of everything in the first layer. */
  async sumOf(outcome: BuildOutcome): Promise<string> {
    return (await this.describe(outcome)).sum;
  }

  private async describe(outcome: BuildOutcome) {
    const [digest, target] = [firstLayer(outcome), this.unpacked(outcome)];
    const layer = join(this.data, 'artefacts/sha256', digest.slice(0, 2), digest);
    await commandRunner.run([
      'unsquashfs',
      '-quiet',
      '-no-progress',
      '-xattrs',
      '-force',
      '-dest',
      target,
      layer,
    ]);
    return await describeTree(target);
  }

  /** Loop devices in use for files below the folder, and mounts below it. */
  async leftovers(): Promise<readonly string[]> {
    const devices = (await this.run('losetup', '--list', '--noheadings', '--output', 'BACK-FILE')).split(
      '\n',
    );
    const mounts = (await mountPointsBelow(this.path)).filter((point) => !point.endsWith('/root/overlay'));
    return [...devices.filter((file) => file.startsWith(this.path)), ...mounts];
  }

  async remove(): Promise<void> {
    for (const point of await mountPointsBelow(this.path))
      await commandRunner.run(['umount', '--lazy', point]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** The 64 hexadecimal digits of the first layer. */
export function firstLayer(outcome: BuildOutcome): string {
  const [layer] = layersOf(outcome);
  return layer === undefined ? '' : digestHex(layer.digest);
}

/** How to build. */
export interface BuildWishes {
  readonly site: BuildSite;
  readonly log?: (line: string) => void;
  readonly arch?: Cpu;
  readonly fresh?: boolean;
}
