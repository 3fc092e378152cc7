import { AppError } from '../core/errors.ts';

/** The whole configuration that git sees. */
export function gitConfig(repository: string): string {
  const path = localPath(repository);
  const lines = [
    '[core]',
    'hooksPath = /dev/null',
    'fsmonitor = false',
    '[credential]',
    'helper =',
    '[protocol]',
    'allow = never',
    ...['file', 'git', 'http', 'https', 'ssh'].flatMap((name) => [`[protocol "${name}"]`, 'allow = always']),
    // The one that the administrator named may belong to another user of this machine.
    ...(path === undefined
      ? []
      : ['[safe]', `directory = ${quoted(path)}`, `directory = ${quoted(`${path}/.git`)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** How a repository is reached by SSH; absolute paths. */
export interface SshAccess {
  /** A private key. */
  readonly key: string | undefined;
  readonly knownHosts: string | undefined;
}

/** Nothing is asked and no unknown host is trusted. */
export function sshConfig({ key, knownHosts }: SshAccess): string {
  const lines = [
    'BatchMode yes',
    'StrictHostKeyChecking yes',
    'ForwardAgent no',
    'PermitLocalCommand no',
    'ConnectTimeout 30',
    ...(key === undefined ? [] : ['IdentitiesOnly yes', `IdentityFile ${sshQuoted(key)}`]),
    ...(knownHosts === undefined ? [] : [`UserKnownHostsFile ${sshQuoted(knownHosts)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** ssh_config(5) takes `%` for a token and has no way to quote a quote. */
function sshQuoted(path: string): string {
  if (/["\\\n]/.test(path))
    throw new AppError('config-invalid', `Cannot use path ${JSON.stringify(path)} for SSH: it has a quote`);
  return `"${path.replaceAll('%', '%%')}"`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Git decodes what it takes for an address. */
function localPath(repository: string): string | undefined {
  if (repository.startsWith('/')) return repository;
  const path = /^file:\/\/(\/.*)$/i.exec(repository)?.[1];
  return path?.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}

/** An address as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1');
}
