import type { BuildSite } from '../../../src/build/site.ts';

/** Where a build is to be killed: at which call of its ports, counted from 0, and how many milliseconds after it began. */
export interface KillPoint {
  readonly call: number;
  /** 0: before the call does anything. */
  readonly after: number;
}

/** A call of a port that changes something, as a build made it. */
export interface PortCall {
  readonly name: string;
  readonly milliseconds: number;
}

/** What only looks is no place of its own: a kill there is one before the next change. */
const LOOKS = new Set([
  ...[
    'stat',
    'find',
    'current',
    'exists',
    'topLayer',
    'layers',
    'owners',
    'open',
    'readAll',
    'pathOf',
    'index',
  ],
  ...[
    'all',
    'moves',
    'pins',
    'list',
    'trusted',
    'signerFor',
    'verify',
    'of',
    'by',
    'attestations',
    'sources',
    'proxy',
  ],
  ...['history', 'release', 'now', 'hosts', 'ownedBy', 'sign', 'rehearse'],
]);

/** The ports of a site, each change announced to `about` before it is made and to `done` after. */
export interface Watcher {
  about(name: string): void;
  done(name: string, milliseconds: number): void;
}

/** The site with every port watched, and what those give that can change something. */
export function watched(site: BuildSite, watcher: Watcher): BuildSite {
  const { world, signing } = site;
  return {
    ...site,
    world: {
      ...world,
      engine: watchedPort('engine', world.engine, watcher),
      commands: watchedPort('commands', world.commands, watcher),
      artefacts: watchedPort('artefacts', world.artefacts, watcher),
      sources: watchedPort('sources', world.sources, watcher),
    },
    cache: watchedPort('cache', site.cache, watcher),
    built: watchedPort('built', site.built, watcher),
    releases: watchedPort('releases', site.releases, watcher),
    channels: watchedPort('channels', site.channels, watcher),
    signing: { ...signing, signatures: watchedPort('signatures', signing.signatures, watcher) },
    locks: watchedPort('locks', site.locks, watcher),
  };
}

function watchedPort<T extends object>(name: string, port: T, watcher: Watcher): T {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== 'function' || typeof key !== 'string') return member;
      if (key === 'ownedBy')
        return (...args: unknown[]) =>
          watchedPort(name, parseObject(Reflect.apply(member, target, args)), watcher);
      if (LOOKS.has(key)) return (...args: unknown[]): unknown => Reflect.apply(member, target, args);
      const what = `${name}.${key}`;
      return async (...args: unknown[]): Promise<unknown> => {
        watcher.about(what);
        const startedAt = performance.now();
        const result: unknown = await Reflect.apply(member, target, args);
        watcher.done(what, performance.now() - startedAt);
        const isPort = what === 'engine.create' || what === 'locks.take';
        return isPort
          ? watchedPort(what === 'locks.take' ? 'lock' : 'container', parseObject(result), watcher)
          : result;
      };
    },
  });
}

function parseObject(value: unknown): object {
  if (typeof value === 'object' && value !== null) return value;
  throw new TypeError('Expected an object');
}
