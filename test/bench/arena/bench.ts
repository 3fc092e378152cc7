import type { Peer } from '../peers/peer.ts';
import { Arena, type RunningServer } from './arena.ts';
import { BenchSite } from './bench-site.ts';
import type { Toolbox } from './toolbox.ts';

/** What the rows of the boot plane are measured with. */
export class Bench {
  readonly arena: Arena;
  readonly site: BenchSite;
  readonly tools: Toolbox;

  private constructor(given: { arena: Arena; site: BenchSite; tools: Toolbox }) {
    this.arena = given.arena;
    this.site = given.site;
    this.tools = given.tools;
  }

  /** Make the network and the site below `folder`. */
  static async open(folder: string, tools: Toolbox, signal: AbortSignal): Promise<Bench> {
    const arena = await Arena.up(folder, signal);
    try {
      return new Bench({ arena, tools, site: await BenchSite.make(arena.folder) });
    } catch (error) {
      await arena.down();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.arena.down();
  }

  /** Start a server with empty stores, do the work, stop it. */
  async withServer<T>(peer: Peer, work: (server: RunningServer) => Promise<T>): Promise<T> {
    const { arena, tools, site } = this;
    const server = await arena.start(await peer.program({ arena, tools, files: site.files }));
    try {
      return await work(server);
    } finally {
      await server.stop();
    }
  }

  /** The same work with each server, one after the other, in an order that moves on with the rounds; by their names. */
  async withEach<T>(
    peers: readonly Peer[],
    round: number,
    work: (server: RunningServer) => Promise<T>,
  ): Promise<Readonly<Record<string, T>>> {
    const results: Record<string, T> = {};
    for (const peer of rotated(peers, round)) results[peer.name] = await this.withServer(peer, work);
    return results;
  }
}

/** The list begun at another place each time. */
export function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const at = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
