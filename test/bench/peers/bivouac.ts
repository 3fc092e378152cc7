import { join, resolve } from 'node:path';
import { READY } from '../../../src/cli/serve.ts';
import type { BenchSite } from '../arena/bench-site.ts';
import type { Peer } from './peer.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

/** This checkout's server, on a new copy of the site of the bench. */
export function bivouac(site: BenchSite): Peer {
  return {
    name: 'bivouac',
    program: async ({ arena }) => {
      const folder = await site.copyTo(arena.newFolder('bivouac'));
      return {
        name: 'bivouac',
        argv: [process.execPath, MAIN, '--config', join(folder, 'bivouac.yml'), 'serve'],
        ready: { line: READY },
      };
    },
  };
}
