import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openBuildSite } from '../../src/adapters/build-site.ts';
import { commandRunner } from '../../src/adapters/command.ts';
import { openState } from '../../src/adapters/state.ts';
import { planImage } from '../../src/build/build.ts';
import { makeLayer } from '../../src/build/layer.ts';
import { loadSite, siteOrThrow } from '../../src/config/load.ts';
import { imageName } from '../builders.ts';
import type { DaemonSite } from './site.ts';

const SHELL_TOOLS = ['sh', 'cat', 'echo', 'mkdir', 'rm', 'setsid', 'sleep', 'true'];
const FOLDERS = ['bin', 'etc', 'dev', 'proc', 'run', 'srv', 'sys', 'tmp', 'usr/sbin', 'usr/bin'];

/**
 * Put a busybox root of 2 MB where the bootstrap of Debian would be (30 s of CPU), as a result that the build cache
 * knows. All else of a build is real.
 */
export async function plantBusyboxBase(site: DaemonSite, image: string): Promise<void> {
  const loaded = siteOrThrow(await loadSite(site.config, { environment: {} }));
  const state = await openState(site.data, () => loaded);
  try {
    const place = await openBuildSite(loaded, state, 'test');
    const { steps } = await planImage({ image: imageName(image), images: loaded.images }, place);
    const [step] = steps;
    if (step?.action !== 'bootstrap') throw new Error('The first step is no bootstrap');
    mkdirSync(place.workFolder, { recursive: true });
    const signal = new AbortController().signal;
    const context = {
      ...place.world,
      step,
      parent: undefined,
      workFolder: place.workFolder,
      cache: place.cache,
      signal,
    };
    const result = await makeLayer({ ...context, log: () => undefined }, ({ root }) => fillRoot(root));
    await place.cache.put(step.id, result);
  } finally {
    await state.close();
  }
}

async function fillRoot(root: string): Promise<void> {
  for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
  const { stdout } = await commandRunner.run(['ldd', '/bin/busybox']).catch(() => ({ stdout: '' }));
  const libraries = [...stdout.matchAll(/(?:^|\s)(\/\S+) \(0x/gm)].flatMap(([, path]) => path ?? []);
  for (const path of ['/bin/busybox', ...libraries]) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
  for (const tool of SHELL_TOOLS) symlinkSync('busybox', join(root, 'bin', tool));
}
