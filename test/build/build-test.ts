import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildRequest, buildImage } from '../../src/build/build.ts';
import type { BuildOutcome } from '../../src/build/outcome.ts';
import { imageName } from '../builders.ts';
import { demoTree, fakeSite } from './fake-site.ts';

const SCRIPTS = { 'one.sh': 'echo one', 'two.sh': 'echo two' };

/** A fake site with the image `demo` above `trixie`, and what builds it. */
export function setUp(scripts: Readonly<Record<string, string>> = SCRIPTS) {
  const site = fakeSite();
  const lines: string[] = [];
  const images = demoTree(site.folder, scripts);
  site.engine.onRun = ({ environment }, root) => {
    writeFileSync(join(root, 'etc/demo'), environment['BIVOUAC_STAGE'] ?? '');
    return Promise.resolve();
  };
  const build = (given: Partial<BuildRequest> = {}): Promise<BuildOutcome> => {
    const signal = new AbortController().signal;
    const request = {
      image: imageName('demo'),
      images,
      log: (line: string) => void lines.push(line),
      signal,
    };
    return buildImage({ ...request, ...given }, site.site);
  };
  // The files are taken from a new container, which in the fake is an empty folder.
  const create = site.engine.create.bind(site.engine);
  site.engine.create = async (from) => {
    const container = await create(from);
    if (from !== 'scratch') writeFileSync(join(container.root, 'etc/demo'), 'x');
    return container;
  };
  return { ...site, lines, images, build };
}

/** What a promise is rejected with; undefined when it is not. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
