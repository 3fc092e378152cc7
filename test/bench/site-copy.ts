import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { commandRunner, systemPath } from '../../src/adapters/command.ts';
import { mountPointsBelow } from '../../src/build/mounts.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const BUILT = join(ROOT, '.bivouac');
const FOLDERS = ['images', 'hosts', 'boot', 'deploy'] as const;
const FIRST = 'node src/main.ts --config deploy/demo.yml build web';

/** What `bivouac build --json` tells of a build. */
export interface BuildReport {
  readonly stepsRun: number;
  readonly published: boolean;
  readonly layers: readonly string[];
}

/** A copy of the demo's site with all that was built for it, so that a measurement changes nothing of the demo's. */
export class SiteCopy {
  readonly path = mkdtempSync(join(tmpdir(), 'bivouac-bench-'));
  readonly data = join(this.path, '.bivouac');

  /** Why there is nothing to copy; undefined when there is. */
  static problem(): string | undefined {
    return existsSync(join(BUILT, 'bivouac.db'))
      ? undefined
      : `the demo was never built; run "${FIRST}" first`;
  }

  /** Copy the site and bring its image `web` up to date. The demo must have been built and not be running. */
  static async make(): Promise<SiteCopy> {
    const copy = new SiteCopy();
    for (const name of FOLDERS)
      cpSync(join(ROOT, name), join(copy.path, name), { recursive: true, verbatimSymlinks: true });
    await commandRunner.run(['cp', '--archive', BUILT, copy.data]);
    await copy.build();
    return copy;
  }

  /** Build `web` by the command line, in a process of its own as a user does. */
  async build(): Promise<BuildReport> {
    const program = [process.execPath, join(ROOT, 'src/main.ts')] as const;
    const config = join(this.path, 'deploy/demo.yml');
    const { stdout } = await commandRunner.run([...program, '--config', config, '--json', 'build', 'web'], {
      environment: { PATH: systemPath(), HOME: '/root' },
    });
    return parseReport(stdout);
  }

  async remove(): Promise<void> {
    for (const point of await mountPointsBelow(this.path))
      await commandRunner.run(['umount', '--lazy', point]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

interface Printed {
  readonly stepsRun: number;
  readonly published: boolean;
  readonly release: { readonly release: { readonly layers: readonly { readonly digest: string }[] } };
}

function parseReport(text: string): BuildReport {
  const { stepsRun, published, release } = JSON.parse(text) as Printed;
  return { stepsRun, published, layers: release.release.layers.map(({ digest }) => digest) };
}
