import { access, readFile } from 'node:fs/promises';
import { AppError } from '../core/errors.ts';
import { distributionOf } from '../core/suites.ts';
import type { CommandRunner } from '../ports/command.ts';
import type { DebianMirror, SourceLines } from '../ports/mirror.ts';

/** One index that this machine's apt fetches packages from. */
interface AptTarget {
  readonly uri: string;
  readonly release: string;
  readonly component: string;
}

/** Parts of Debian that follow a suite: the suite itself, its stable updates, its security fixes. */
const SUFFIXES = ['', '-updates', '-security'] as const;
const FORMAT = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(CREATED_BY)';

/** Finds the Debian mirror in this machine's own apt configuration, whatever its form. */
export class AptMirror implements DebianMirror {
  private readonly commands: CommandRunner;

  constructor(commands: CommandRunner) {
    this.commands = commands;
  }

  async sources(suite: string): Promise<SourceLines> {
    const targets = parseTargets(
      (await this.commands.run(['apt-get', 'indextargets', '--format', FORMAT])).stdout,
    );
    if (distributionOf(suite) === 'ubuntu') return await ubuntuSources(suite, targets);
    const codename = parseCodename(await readFile('/etc/os-release', 'utf8'));
    const [first, ...rest] = sourceLines(suite, codename, targets);
    if (first === undefined) {
      throw new AppError('unsupported', 'Cannot find a Debian mirror: apt of this machine names none', {
        remedy: `Add one for "${codename ?? 'its own release'}" to /etc/apt/sources.list.d`,
      });
    }
    return [first, ...rest];
  }

  async proxy(): Promise<Readonly<Record<string, string>>> {
    const { stdout } = await this.commands.run(['apt-config', 'dump', '--no-empty', 'Acquire']);
    return parseProxies(stdout);
  }
}

/** Lines for another suite from the mirrors that this machine uses for its own. */
export function sourceLines(
  suite: string,
  codename: string | undefined,
  targets: readonly AptTarget[],
): string[] {
  const lines = SUFFIXES.flatMap((suffix) => {
    const own = targets.filter(
      (target) => target.release === `${codename}${suffix}` && target.component === 'main',
    );
    return own.slice(0, 1).map(({ uri }) => `deb ${uri} ${suite}${suffix} main`);
  });
  return lines[0]?.includes(` ${suite} `) ? lines : [];
}

/** Signs Ubuntu's packages; part of the package ubuntu-keyring, which Debian has too, and of every Ubuntu root. */
const UBUNTU_KEYRING = '/usr/share/keyrings/ubuntu-archive-keyring.gpg';

async function ubuntuSources(suite: string, targets: readonly AptTarget[]): Promise<SourceLines> {
  const missing = (what: string, remedy: string): AppError =>
    new AppError('unsupported', `Cannot install Ubuntu "${suite}": ${what}`, { remedy });
  await access(UBUNTU_KEYRING).catch(() => {
    throw missing(`there is no "${UBUNTU_KEYRING}"`, 'Install the package "ubuntu-keyring"');
  });
  const [first, ...rest] = ubuntuLines(suite, targets);
  if (first === undefined)
    throw missing('apt of this machine names no Ubuntu mirror', 'Add one to /etc/apt/sources.list.d');
  return [first, ...rest];
}

/** Lines for an Ubuntu suite from the mirrors of any Ubuntu suite that this machine uses. */
export function ubuntuLines(suite: string, targets: readonly AptTarget[]): string[] {
  return SUFFIXES.flatMap((suffix) => {
    const own = targets.find(
      ({ release, component }) =>
        component === 'main' &&
        release.endsWith(suffix) &&
        distributionOf(release.slice(0, release.length - suffix.length)) === 'ubuntu',
    );
    const signed = `[signed-by=${UBUNTU_KEYRING}]`;
    return own === undefined ? [] : [`deb ${signed} ${own.uri} ${suite}${suffix} main universe`];
  });
}

/** Rows of `apt-get indextargets` for packages, as far as they can be reached over a network. */
export function parseTargets(text: string): readonly AptTarget[] {
  return text.split('\n').flatMap((line) => {
    const [uri, release, component, createdBy] = line.split(' ');
    if (uri === undefined || release === undefined || component === undefined) return [];
    return createdBy === 'Packages' && /^https?:/.test(uri) ? [{ uri, release, component }] : [];
  });
}

/** `VERSION_CODENAME` of os-release(5); undefined when the system is not Debian, whose mirrors would not do. */
export function parseCodename(text: string): string | undefined {
  if (!/^ID="?debian"?$/m.test(text)) return undefined;
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(text)?.[1];
}

/** Proxies of `apt-config dump`, as the environment variables that apt and curl read. */
export function parseProxies(text: string): Readonly<Record<string, string>> {
  const proxies: Record<string, string> = {};
  for (const [, scheme, uri] of text.matchAll(/^Acquire::(https?)::Proxy "([^"]+)";$/gim)) {
    if (scheme !== undefined && uri !== undefined && uri !== 'DIRECT')
      proxies[`${scheme.toLowerCase()}_proxy`] = uri;
  }
  return proxies;
}
