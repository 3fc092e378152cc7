import type { Argv } from '../ports/command.ts';
import type { ContainerRun } from '../ports/container-engine.ts';
import { RECEIVE_SECRETS, SECRETS_FOLDER } from './secret-mount.ts';

/** Name of the machine that scripts see; buildah's own choice is random, which would get into their output. */
const HOST_NAME = 'localhost';

/** Arguments: folder, number of secrets, program and its arguments. */
const WITH_SECRETS = `${RECEIVE_SECRETS}
receive_secrets "$1" "$2"
shift 2
exec "$@"
`;

/** Arguments of buildah that run a command in a container; its secrets are in `folder`. */
export function runArguments(
  container: string,
  { argv, environment, directory, user, secrets = [] }: ContainerRun,
  folder: string,
): readonly string[] {
  const variables = Object.entries(environment).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  const volume = secrets.length === 0 ? [] : ['--volume', `${folder}:${SECRETS_FOLDER}:ro`];
  const options = [
    ...['--isolation', 'chroot', '--hostname', HOST_NAME],
    ...(directory === undefined ? [] : ['--workingdir', directory]),
    ...(user === undefined ? [] : ['--user', user]),
    ...variables,
    ...volume,
  ];
  return ['run', ...options, container, '--', ...argv];
}

/** A call that finds in `folder` what it is given by standard input (`secretLines`), in a mount namespace of its own. */
export function withSecrets(call: Argv, { secrets = [] }: ContainerRun, folder: string): Argv {
  if (secrets.length === 0) return call;
  const receive = ['sh', '-euc', WITH_SECRETS, 'secrets', folder, String(secrets.length)];
  return ['unshare', '--mount', '--', ...receive, ...call];
}
