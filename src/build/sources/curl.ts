import type { Argv } from '../../ports/command.ts';
import type { DebianMirror } from '../../ports/mirror.ts';

/** curl for one address, which fails on HTTP errors and never leaves HTTP, not by a redirect either. */
export function curlArgv(url: string, options: readonly string[]): Argv {
  const web = ['--proto', '=http,https', '--proto-redir', '=http,https'];
  const stalled = ['--connect-timeout', '30', '--speed-limit', '1', '--speed-time', '60'];
  // Without `--disable` a file of root's could change all of this.
  return [
    'curl',
    '--disable',
    '--fail',
    '--location',
    '--silent',
    '--show-error',
    ...web,
    ...stalled,
    ...options,
    '--',
    url,
  ];
}

/** What curl sees: the proxy that apt of this machine uses. */
export async function curlEnvironment(mirror: DebianMirror): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await mirror.proxy()),
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C.UTF-8',
  };
}
