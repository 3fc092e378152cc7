import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { layerDirectories, storagePaths } from '../../src/adapters/buildah-storage.ts';
import { commandRunner, systemPath } from '../../src/adapters/command.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';
import type { ContainerImageId } from '../../src/ports/container-engine.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What these rows need besides root. */
export const BUILD_NEEDS = ['buildah', 'mmdebstrap', 'mksquashfs', 'zstd', 'tar'] as const;

// The demo's base, with a compiler and more: 650 MB unpacked. Below it what changes from round to round.
const IMAGES = `
trixie:
  from: trixie
  base:
    kernel: linux-image-amd64
    stages: [base/files, base/system.sh, base/kernel.sh, ../boot/initramfs, ../boot/agent]
    large:
      stages: [large.sh]
      leaf:
        stages: [leaf.sh]
`;

const LARGE = `#!/bin/sh -eu
apt-get update
apt-get install --yes --no-install-recommends gcc g++ git python3 vim-nox
/usr/lib/bivouac/clean-layer
`;

/** A layer of a release, as `bivouac --json release show` prints it. */
export interface PrintedLayer {
  readonly digest: string;
  readonly size: number;
  readonly contentId: string;
}

/** What came of a build. */
export interface PrintedBuild {
  readonly stepsRun: number;
  readonly published: boolean;
  /** With kernel and initramfs: all that a host fetches. */
  readonly files: readonly { readonly digest: string; readonly size: number }[];
  readonly layers: readonly PrintedLayer[];
}

/** A site of its own with an image of 650 MB, built by the command line as users do. */
export class BuildGround {
  readonly path = mkdtempSync(join(tmpdir(), 'bivouac-bench-'));

  constructor() {
    for (const name of ['images', 'boot'])
      cpSync(join(ROOT, name), join(this.path, name), { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(this.path, 'images/config.yml'), IMAGES);
    writeFileSync(join(this.path, 'images/large.sh'), LARGE);
    this.change(0);
    for (const data of ['data', 'other']) this.#configure(data);
  }

  /** A leaf stage that writes other files than before: programs in part, a few thousand small ones. It says how long it took. */
  change(round: number): void {
    const text = `#!/bin/sh -eu
began=$(date +%s%N)
mkdir -p /srv/app/parts
tail -c +$((${round} * 100000 + 1)) /usr/libexec/gcc/x86_64-linux-gnu/*/cc1 | head -c 24000000 >/srv/app/program
split -l 40 -a 4 /var/lib/dpkg/status /srv/app/parts/
echo ${round} ${Date.now()} >/srv/app/version
echo "leaf stage: $((($(date +%s%N) - began) / 1000000)) ms"
`;
    writeFileSync(join(this.path, 'images/leaf.sh'), text);
  }

  /** Run `bivouac build`; resolves to what it printed. */
  async run(args: readonly string[], data = 'data'): Promise<string> {
    const program = [process.execPath, join(ROOT, 'src/main.ts')] as const;
    const config = join(this.path, `${data}.yml`);
    const environment = { PATH: systemPath(), HOME: '/root' };
    return (await commandRunner.run([...program, '--config', config, ...args], { environment })).stdout;
  }

  async build(image: string, data = 'data'): Promise<PrintedBuild> {
    return await this.built(await this.run(['--json', 'build', image], data), data);
  }

  /** What came of the build that printed this as JSON. */
  async built(printed: string, data = 'data'): Promise<PrintedBuild> {
    const { stepsRun, published, release } = JSON.parse(printed) as Report;
    const shown = JSON.parse(await this.run(['--json', 'release', 'show', release], data)) as Shown;
    const { layers, kernel, initramfs } = shown.release;
    return { stepsRun, published, layers, files: [kernel, initramfs, ...layers] };
  }

  /** The initramfs has the public key of its server in it: the other data directory gets the same, before it makes one. */
  shareKeys(): void {
    cpSync(join(this.path, 'data/keys'), join(this.path, 'other/keys'), { recursive: true });
  }

  /** The folders of the layers below and of this one, base first, as the container storage has them. */
  async folders({ contentId }: PrintedLayer): Promise<readonly string[]> {
    const paths = storagePaths(join(this.path, 'data/containers'));
    const rows: unknown = JSON.parse(await readFile(join(paths.root, 'overlay-images/images.json'), 'utf8'));
    const row = parseImages(rows).find(({ names }) => names?.some((name) => name.endsWith(`:${contentId}`)));
    if (row === undefined) throw new Error(`Cannot find the container image of layer ${contentId}`);
    return await layerDirectories(paths, row.id);
  }

  async remove(): Promise<void> {
    for (const point of await mountPointsBelow(this.path))
      await commandRunner.run(['umount', '--lazy', point]);
    rmSync(this.path, { recursive: true, force: true });
  }

  #configure(data: string): void {
    const lines = [
      `server: {address: 127.0.0.1, data: ${data}}`,
      'dhcp: {subnets: [{subnet: 127.0.0.0/8, pool: 127.9.0.1-127.9.0.9}]}',
      '',
    ];
    writeFileSync(join(this.path, `${data}.yml`), lines.join('\n'));
  }
}

interface StoredRow {
  readonly id: ContainerImageId;
  readonly names?: readonly string[];
}

function parseImages(rows: unknown): readonly StoredRow[] {
  return rows as readonly StoredRow[];
}

interface Report extends Pick<PrintedBuild, 'stepsRun' | 'published'> {
  readonly release: string;
}

interface Shown {
  readonly release: Pick<PrintedBuild, 'layers'> & {
    readonly kernel: PrintedBuild['files'][number];
    readonly initramfs: PrintedBuild['files'][number];
  };
}
