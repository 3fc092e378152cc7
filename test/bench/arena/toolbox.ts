import { accessSync, constants, existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { commandRunner, systemPath } from '../../../src/adapters/command.ts';
import { messageOf } from '../../../src/core/errors.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** Where the benches keep what they fetch, make and write. */
export const CACHE = join(ROOT, '.bivouac-bench');

/** A program of the bench. */
export interface Tool {
  readonly path: string;
  /** Of its package; empty for what was compiled here. */
  readonly version: string;
}

/** The programs that can be used here, and why the others cannot. */
export class Toolbox {
  readonly #found: ReadonlyMap<string, Tool | { readonly why: string }>;

  constructor(found: ReadonlyMap<string, Tool | { readonly why: string }>) {
    this.#found = found;
  }

  /** Why these cannot all be used; undefined when they can. */
  missing(...names: readonly string[]): string | undefined {
    const reasons = names.flatMap((name) => {
      const found = this.#found.get(name);
      return found === undefined ? [`"${name}" was not looked for`] : 'why' in found ? [found.why] : [];
    });
    return reasons.length === 0 ? undefined : [...new Set(reasons)].join('; ');
  }

  has(name: string): boolean {
    return this.missing(name) === undefined;
  }

  get(name: string): Tool {
    const found = this.#found.get(name);
    if (found === undefined || 'why' in found)
      throw new Error(`Cannot use ${name}: ${found?.why ?? 'unknown'}`);
    return found;
  }

  /** Versions of what is not ours. */
  versions(): Readonly<Record<string, string>> {
    const entries = [...this.#found].flatMap(([name, found]) =>
      'why' in found || found.version === '' ? [] : [[name, found.version] as const],
    );
    return Object.fromEntries(entries);
  }
}

/**
 * A server that we compare with. Its package would start it, on ports that this machine may need, and two of them
 * exclude each other; so the package is unpacked into the cache, not installed.
 */
interface Peer {
  readonly program: string;
  readonly package: string;
  /** Its package unpacked, or also what the machine has installed: nothing to be afraid of there. */
  readonly from: 'package' | 'machine';
}

const PEERS: readonly Peer[] = [
  { program: 'dnsmasq', package: 'dnsmasq-base', from: 'machine' },
  { program: 'wrk', package: 'wrk', from: 'machine' },
  { program: 'perfdhcp', package: 'kea-admin', from: 'machine' },
  { program: 'atftpd', package: 'atftpd', from: 'package' },
  { program: 'in.tftpd', package: 'tftpd-hpa', from: 'package' },
  { program: 'nginx', package: 'nginx', from: 'package' },
  { program: 'kea-dhcp4', package: 'kea-dhcp4-server', from: 'package' },
];

const LOAD_CLIENTS = ['tftpload', 'httpload', 'dhcpload'] as const;

/** Look for all programs; fetches and compiles what is not there yet. */
export async function openToolbox(tell: (line: string) => void): Promise<Toolbox> {
  const found = new Map<string, Tool | { readonly why: string }>();
  for (const peer of PEERS) found.set(peer.program, await findPeer(peer, tell).catch(whyOf));
  for (const name of LOAD_CLIENTS) found.set(name, await findLoadClient(name, tell).catch(whyOf));
  return new Toolbox(found);
}

function whyOf(error: unknown): { readonly why: string } {
  return { why: messageOf(error) };
}

async function findPeer(peer: Peer, tell: (line: string) => void): Promise<Tool> {
  const installed = onPath(peer.program);
  if (peer.from === 'machine') {
    if (installed === undefined) throw new Error(`"${peer.program}" is not installed (scripts/setup bench)`);
    return { path: installed, version: await installedVersion(peer.package) };
  }
  try {
    return await unpackedPeer(peer, tell);
  } catch (error) {
    if (installed === undefined || basename(realpathSync(installed)) !== peer.program) throw error;
    return { path: installed, version: await installedVersion(peer.package) };
  }
}

async function unpackedPeer({ program, package: name }: Peer, tell: (line: string) => void): Promise<Tool> {
  const folder = join(CACHE, 'peers', name);
  const path = join(folder, 'root/usr/sbin', program);
  if (!existsSync(path)) {
    tell(`Fetching the package ${name}, which is not installed but unpacked`);
    mkdirSync(folder, { recursive: true });
    await commandRunner.run(['apt-get', 'download', name], { cwd: folder, environment: ownEnvironment() });
    await commandRunner.run(['dpkg-deb', '--extract', join(folder, archiveIn(folder)), join(folder, 'root')]);
  }
  const { stdout } = await commandRunner.run([
    'dpkg-deb',
    '--field',
    join(folder, archiveIn(folder)),
    'Version',
  ]);
  return { path, version: stdout.trim() };
}

/** A proxy may be set by a variable. */
function ownEnvironment(): Record<string, string> {
  const given = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(given) as Record<string, string>;
}

function archiveIn(folder: string): string {
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error(`Cannot find a package in "${folder}"`);
  return archive;
}

async function installedVersion(name: string): Promise<string> {
  const { stdout } = await commandRunner
    .run(['dpkg-query', '--show', '--showformat', '${Version}', name])
    .catch(() => ({ stdout: '' }));
  return stdout.trim();
}

/** The load clients' sources are no part of this project; they lie beside its checkout where it is developed. */
async function findLoadClient(name: string, tell: (line: string) => void): Promise<Tool> {
  const folder = process.env['BIVOUAC_LOAD_TOOLS'] ?? resolve(ROOT, '../shared/tools/load');
  const source = join(folder, `${name}.c`);
  if (!existsSync(source))
    throw new Error(`no ${name}.c: BIVOUAC_LOAD_TOOLS names the folder of the load clients`);
  const path = join(CACHE, 'load', name);
  if (!isNewer(path, source)) {
    tell(`Compiling ${name}`);
    mkdirSync(join(CACHE, 'load'), { recursive: true });
    const sse = process.arch === 'x64' ? ['-msse4.2'] : [];
    await commandRunner.run(['gcc', '-O2', ...sse, '-o', path, source, '-lpthread']);
  }
  return { path, version: '' };
}

function isNewer(path: string, source: string): boolean {
  const made = statSync(path, { throwIfNoEntry: false });
  return made !== undefined && made.mtimeMs > statSync(source).mtimeMs;
}

function onPath(program: string): string | undefined {
  const paths = systemPath()
    .split(':')
    .map((folder) => join(folder, program));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
