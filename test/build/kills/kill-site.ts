import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandRunner } from '../../../src/adapters/command.ts';
import { openState } from '../../../src/adapters/state.ts';
import { mountPointsBelow } from '../../../src/build/mounts.ts';
import { loadSite, siteOrThrow } from '../../../src/config/load.ts';
import { type Digest, digestHex } from '../../../src/core/artefact.ts';
import { published } from '../../../src/core/catalogue.ts';
import { STABLE } from '../../../src/core/image.ts';
import type { Release } from '../../../src/core/release.ts';
import type { Argv } from '../../../src/ports/command.ts';
import { imageName } from '../../builders.ts';
import { type DaemonSite, makeSite } from '../../daemon/site.ts';
import { fillBusyboxRoot } from '../busybox-root.ts';
import type { KillPoint, PortCall } from './kill-points.ts';

/** What these tests need. */
export const KILL_TOOLS = ['root', 'buildah', 'mksquashfs', 'flock', 'busybox', 'zstd', 'tar'] as const;

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');
const PROGRAM = join(import.meta.dirname, 'build-until.program.ts');
const DEMO = imageName('demo');
const KERNEL = '6.0.0-test';

const IMAGES = `
small:
  from: root.tar
  demo:
    kernel: linux-image-test
    stages: [files, one.sh]
    lint: {allow: [architecture, init, kernel-format, kernel-version, live-module, driver]}
    outputs: {netboot: {}, tar: {compression: zstd}, oci: {}}
`;

// What of dracut(8) our step relies on.
const DRACUT = `#!/bin/sh
mkdir -p /run/bivouac-dracut/dracut.test/initramfs
for last; do :; done
echo "an initramfs with $(cat /etc/number)" >"$last"
`;

/** A site whose images are made from busybox in seconds, with every kind of step that a build has but a playbook. */
export class KillSite {
  readonly #site: DaemonSite;
  #number = 0;

  constructor() {
    this.#site = makeSite({ images: IMAGES });
  }

  get data(): string {
    return this.#site.data;
  }

  get folder(): string {
    return this.#site.folder;
  }

  /**
   * Make the files. The data directory is in memory unless `disk` makes another of it: builds sync all of their file system, so
   * that on a disk which others write to a kill would take minutes.
   */
  async prepare(disk: (data: string) => Promise<void> = inMemory): Promise<void> {
    mkdirSync(this.data, { recursive: true });
    await disk(this.data);
    const root = join(this.folder, 'root');
    await fillBusyboxRoot(root);
    const write = (path: string, text: string, mode = 0o644): void => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text, { mode });
    };
    write('usr/bin/dracut', DRACUT, 0o755);
    write(`boot/vmlinuz-${KERNEL}`, 'a kernel\n');
    write(`lib/modules/${KERNEL}/modules.dep`, '');
    write('etc/os-release', 'ID=tiny\n');
    const { images } = this.#site;
    await commandRunner.run([
      'tar',
      '--create',
      `--file=${join(images, 'root.tar')}`,
      `--directory=${root}`,
      '.',
    ]);
    writeFileSync(join(images, 'one.sh'), 'cat /etc/number > /etc/one\nsleep 0.2\necho built\n');
    this.change();
  }

  /** From now on every layer but the first is another one. */
  change(): void {
    this.#number += 1;
    const folder = join(this.#site.images, 'files/etc');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'number'), `${this.#number}\n`);
  }

  /** Run a `bivouac` command; resolves to what it printed. */
  async bivouac(...args: readonly string[]): Promise<string> {
    const argv: Argv = [process.execPath, MAIN, '--config', this.#site.config, ...args];
    return (await commandRunner.run(argv)).stdout;
  }

  /** Build everything anew in a process of its own and kill it there; the calls that it finished. */
  async buildUntil(
    point?: KillPoint,
  ): Promise<{ readonly calls: readonly PortCall[]; readonly killed: boolean }> {
    const where = point === undefined ? [] : [String(point.call), String(point.after)];
    const lines: string[] = [];
    const argv: Argv = [process.execPath, PROGRAM, this.#site.config, DEMO, ...where];
    const log = (line: string): void => void lines.push(line);
    const killed = await commandRunner.run(argv, { log }).then(
      () => false,
      (error: unknown) => {
        if (String(error).includes('SIGKILL')) return true;
        throw new Error(`The build failed: ${lines.slice(-20).join('\n')}`, { cause: error });
      },
    );
    const calls = lines.flatMap((line) => {
      const [, name, milliseconds] = /^call (\S+) (\d+)$/.exec(line) ?? [];
      return name === undefined ? [] : [{ name, milliseconds: Number(milliseconds) }];
    });
    return { calls, killed };
  }

  /** The release that hosts boot. */
  async current(): Promise<Digest | undefined> {
    return await this.#withState(
      async ({ catalogue }) => published(await catalogue.current(), { image: DEMO, channel: STABLE })?.digest,
    );
  }

  /** What is wrong with what is published and kept: files that are missing, cut short or changed. */
  async faults(): Promise<readonly string[]> {
    const releases = await this.#withState(({ releases }) => releases.list({ limit: 1000 }));
    const missing = releases.flatMap(({ digest, release }) =>
      artefactsOf(release).flatMap((artefact) =>
        existsSync(this.#pathOf(artefact)) ? [] : [`${digest} lacks ${artefact}`],
      ),
    );
    return [...missing, ...this.#changedFiles()];
  }

  /** What builds must not leave: mounts, containers, loop devices, processes, files half written. */
  async leftovers(): Promise<readonly string[]> {
    const overlay = join(this.data, 'containers/root/overlay');
    const mounts = (await mountPointsBelow(this.folder)).filter(
      (point) => point !== overlay && point !== this.data,
    );
    const { stdout } = await commandRunner.run([
      'losetup',
      '--list',
      '--noheadings',
      '--output',
      'BACK-FILE',
    ]);
    const loops = stdout.split('\n').filter((path) => path.startsWith(`${this.data}/`));
    const containers = JSON.parse(
      readFileSync(join(this.data, 'containers/root/overlay-containers/containers.json'), 'utf8'),
    ) as unknown[];
    const folders = ['work', 'artefacts/tmp', 'containers/tmp'];
    const files = folders.flatMap((name) => namesIn(join(this.data, name)).map((file) => `${name}/${file}`));
    return [
      ...mounts,
      ...loops,
      ...containers.map((one) => JSON.stringify(one)),
      ...files,
      ...this.#processes(),
    ];
  }

  async remove(): Promise<void> {
    for (const point of await mountPointsBelow(this.folder))
      await commandRunner.run(['umount', '--lazy', point]);
    this.#site.remove();
  }

  #pathOf(digest: Digest): string {
    const hex = digestHex(digest);
    return join(this.data, 'artefacts/sha256', hex.slice(0, 2), hex);
  }

  #changedFiles(): readonly string[] {
    const store = join(this.data, 'artefacts/sha256');
    return namesIn(store).flatMap((part) =>
      namesIn(join(store, part)).filter((name) => {
        const bytes = readFileSync(join(store, part, name));
        return createHash('sha256').update(bytes).digest('hex') !== name;
      }),
    );
  }

  #processes(): readonly string[] {
    return namesIn('/proc')
      .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
      .map((pid) => textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' '))
      .filter((line) => line.includes(this.folder));
  }

  async #withState<T>(use: (state: Awaited<ReturnType<typeof openState>>) => Promise<T>): Promise<T> {
    const loaded = siteOrThrow(await loadSite(this.#site.config, { environment: {} }));
    const state = await openState(this.data, () => loaded);
    return await use(state).finally(() => state.close());
  }
}

async function inMemory(data: string): Promise<void> {
  await commandRunner.run(['mount', '-t', 'tmpfs', '-o', 'size=1g,mode=0700', 'bivouac-kills', data]);
}

function artefactsOf(release: Release): readonly Digest[] {
  const refs = release.output === 'netboot' ? [release.kernel, release.initramfs] : [];
  return [...refs, ...release.layers, ...release.files].map(({ digest }) => digest);
}

function namesIn(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
