import { join } from 'node:path';
import { pathInRoot } from '../build/root-path.ts';
import { CommandError } from '../core/command-error.ts';
import { AppError, messageOf } from '../core/errors.ts';
import type { Argv, CommandRunner, RunningCommand } from '../ports/command.ts';
import type { Ground, Room, RoomOptions, Rooms } from '../ports/rooms.ts';
import { systemPath } from './command.ts';
import { RECEIVE_SECRETS, SECRETS_FOLDER, secretLines } from './secret-mount.ts';

/** `--kill-child`: whatever runs inside ends with its namespace, so nothing has to be found and killed. */
const UNSHARE = [
  'unshare',
  '--mount',
  '--pid',
  '--fork',
  '--uts',
  '--ipc',
  '--kill-child=KILL',
  '--',
] as const;

/**
 * Stays until its input ends. The first process of the namespace keeps the machine's own root: by that `systemctl` and
 * the like tell that they run in a chroot, and start nothing. The machine's /proc is still there when it asks who it is. It
 * stays a shell: from any other name Ansible concludes that this is what manages services, and starts them by their init scripts.
 */
const STAY = `
read -r pid _ < /proc/self/stat
echo "room $pid"
while read -r _; do :; done
`;

/**
 * Arguments: root, host name, path of resolv.conf inside the root, number of secrets. Mounts what `buildah run` would; what of
 * /proc are settings of the machine can be read only.
 */
const FURNISH = `${RECEIVE_SECRETS}
root=$1
for name in proc sys dev run; do
    [ ! -L "$root/$name" ] || { echo "/$name is a symbolic link" >&2; exit 1; }
    mkdir -p "$root/$name"
done
printf %s "$2" > /proc/sys/kernel/hostname
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
for name in bus fs irq sys sysrq-trigger; do
    [ -e "$root/proc/$name" ] || continue
    mount --bind "$root/proc/$name" "$root/proc/$name"
    mount -o remount,bind,ro,nosuid,nodev,noexec "$root/proc/$name"
done
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
mount -t tmpfs -o mode=0755,nosuid,size=65536k dev "$root/dev"
for name in null zero full random urandom tty; do
    : > "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for name in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/\${name%:*}" "$root/dev/\${name#*:}"; done
mount -t tmpfs -o mode=0755,nosuid,nodev run "$root/run"
mkdir "$root/run/lock"
[ "$4" = 0 ] || receive_secrets "$root${SECRETS_FOLDER}" "$4"
if [ -f /etc/resolv.conf ]; then
    mkdir -p "$root\${3%/*}"
    [ -e "$root$3" ] || : > "$root$3"
    mount --bind /etc/resolv.conf "$root$3"
fi
${STAY}`;

/** Arguments: folder, squashfs files base first. Mount options hold no path that could have a comma or colon in it. */
const LAY_GROUND = `
mount -t tmpfs -o mode=0700 ground "$1"
cd "$1"
shift
mkdir empty base root upper
lower=empty
index=0
all=
for file in "$@"; do
    mkdir "$index"
    mount -t squashfs -o loop,ro,nodev "$file" "$index"
    all=$index\${all:+:$all}
    index=$((index + 1))
done
printf %s "$all" > lower
mount -t overlay -o "ro,lowerdir=empty:$all" ground base
${STAY}`;

/**
 * Arguments: folder of the ground, folder for the changes, then those of FURNISH. A layer has to hold whole files and
 * plain directories, so nothing may be left in the layers below by reference.
 */
const BUILD_ABOVE = `
cd "$1"
mount --bind "$2" upper
mkdir -p upper/upper upper/work
options="lowerdir=empty:$(cat lower),upperdir=upper/upper,workdir=upper/work"
mount -t overlay -o "$options,metacopy=off,redirect_dir=off,index=off" room root
set -- "$1/root" "$3" "$4" "$5"
${FURNISH}`;

/** Rooms made with the tools of util-linux. */
export class NamespaceRooms implements Rooms {
  readonly #commands: CommandRunner;

  constructor(commands: CommandRunner) {
    this.#commands = commands;
  }

  async inContainer(root: string, options: RoomOptions): Promise<Room> {
    const resolver = await resolverIn(root);
    const { hostName, secrets = [] } = options;
    const place = [root, hostName, resolver, String(secrets.length)];
    const argv: Argv = [...UNSHARE, 'sh', '-euc', FURNISH, 'room', ...place];
    return { ...(await this.#hold(argv, options)), root };
  }

  async ground(
    files: readonly [string, ...string[]],
    { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
  ): Promise<Ground> {
    const held = await this.#hold([...UNSHARE, 'sh', '-euc', LAY_GROUND, 'ground', folder, ...files], {
      signal,
    });
    const base = join('/proc', String(held.pid), 'root', folder, 'base');
    return {
      base,
      close: held.close,
      room: async (changes, options) => {
        const resolver = await resolverIn(base);
        const enter = ['nsenter', '--target', String(held.pid), '--mount', '--wdns=/', '--'] as const;
        const { hostName, secrets = [] } = options;
        const place = [folder, changes, hostName, resolver, String(secrets.length)];
        const argv: Argv = [...enter, ...UNSHARE, 'sh', '-euc', BUILD_ABOVE, 'room', ...place];
        const room = await this.#hold(argv, options);
        return { ...room, root: join(folder, 'root') };
      },
    };
  }

  /** Start what keeps a namespace; resolves once everything is mounted in it. */
  async #hold(
    argv: Argv,
    { signal, secrets = [] }: Pick<RoomOptions, 'signal' | 'secrets'>,
  ): Promise<Pick<Room, 'pid' | 'close'>> {
    signal.throwIfAborted();
    const said: string[] = [];
    let heard: (pid: number) => void = () => undefined;
    const ready = new Promise<number>((resolve) => {
      heard = resolve;
    });
    const log = (line: string): void => {
      const pid = /^room ([0-9]+)$/.exec(line)?.[1];
      if (pid === undefined) said.push(line);
      else heard(Number(pid));
    };
    const environment = { PATH: systemPath(), LC_ALL: 'C.UTF-8' };
    const child: RunningCommand = await this.#commands.start(argv, {
      environment,
      tethered: true,
      log,
      signal,
    });
    child.write(secretLines(secrets));
    try {
      const ended = child.done.then(() => Promise.reject(new Error('it ended at once')));
      return { pid: await Promise.race([ready, ended]), close: () => child.stop() };
    } catch (error) {
      await child.stop();
      if (signal.aborted) throw error;
      const tail = error instanceof CommandError ? error.tail.at(-1) : undefined;
      const reason = tail ?? said.at(-1) ?? messageOf(error);
      throw new AppError('build-failed', `Cannot mount the root for a stage: ${reason}`, {
        remedy: 'Run as root, on a kernel with namespaces, overlayfs, squashfs and loop devices',
        cause: error,
      });
    }
  }
}

/** Where name lookups inside find their servers; through symbolic links, which must not lead out of the root. */
async function resolverIn(root: string): Promise<string> {
  return (await pathInRoot(root, '/etc/resolv.conf')).slice(root.length);
}
