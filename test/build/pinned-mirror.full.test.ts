import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../src/adapters/command.ts';
import { AptMirror } from '../../src/adapters/mirror.ts';
import type { BuildSite } from '../../src/build/site.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS, BuildFolder, containerOf } from './build-folder.ts';
import { realSite, treeOf } from './site.ts';

describeWith(BUILD_TOOLS, 'a suite from a mirror of its own', () => {
  const folder = new BuildFolder();
  const asked: string[] = [];
  let site: BuildSite;
  let server: Server;
  let address: string;

  // Sends everybody on to the mirror of this machine.
  beforeAll(async () => {
    const [line] = await new AptMirror(commandRunner).sources('trixie');
    const real = /https?:\/\/[^ ]+?(?=\/? )/.exec(line)?.[0];
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.writeHead(302, { location: `${real}${url}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    site = await realSite(folder.data());
    folder.writeScript('update.sh', 'apt-get update\n');
  });

  afterAll(async () => {
    server.close();
    await folder.remove();
  });

  const build = (mirror?: readonly string[]) => {
    const trixie = { ...(mirror && { mirror }), demo: { stages: ['update.sh'], outputs: { tar: null } } };
    return folder.build(site, undefined, treeOf({ trixie }, folder.images));
  };

  it('is installed from there, and so are the packages of its stages', async () => {
    const pinned = await build([address]);
    expect(asked.filter((url) => url.startsWith('/pool/')).length).toBeGreaterThan(50);
    expect(asked.filter((url) => url === '/dists/trixie/InRelease').length).toBeGreaterThan(1);
    const container = await site.world.engine.create(await containerOf(pinned, 0, site));
    try {
      const { stdout } = await commandRunner.run(['cat', `${container.root}/etc/apt/sources.list`]);
      expect(stdout).toBe(`deb ${address} trixie main\n`);
    } finally {
      await container.discard();
    }
  });

  it('is another root than that of another mirror, and the same while the mirror is', async () => {
    expect(await build([address])).toMatchObject({ published: false, stepsRun: 0 });
    const other = await build([`deb ${address} trixie main`, `deb ${address}/ trixie-updates main`]);
    expect(other).toMatchObject({ published: true, stepsRun: 3 });
  });
});
