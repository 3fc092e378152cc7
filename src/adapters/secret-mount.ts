import type { Secret } from '../core/secret.ts';

/** Where stages find their secrets. */
export const SECRETS_FOLDER = '/run/secrets';

/**
 * A shell function: `receive_secrets FOLDER COUNT` mounts a tmpfs, fills it from standard input (`secretLines`) and makes it
 * read-only. They are on no disk, in no argument list and in no environment. To be called in a mount namespace of its own,
 * which takes them away with its last process.
 */
export const RECEIVE_SECRETS = `
receive_secrets() {
    mkdir -p "$1"
    mount -t tmpfs -o mode=0755,nosuid,nodev,noexec,size=4m secrets "$1"
    left=$2
    while [ "$left" -gt 0 ]; do
        read -r name content
        (umask 0377; printf %s "$content" | base64 -d > "$1/$name")
        left=$((left - 1))
    done
    mount -o remount,ro "$1"
}
`;

/** What the function reads: names and contents, a line for each. */
export function secretLines(secrets: readonly Secret[]): string {
  return secrets.map(({ name, content }) => `${name} ${content.toString('base64')}\n`).join('');
}
