/** Mode and owner of a directory. */
export interface DirectoryMode {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

const ROOT_755: DirectoryMode = { mode: 0o755, uid: 0, gid: 0 };

/**
 * Directories of a Debian root (base-files and systemd of Debian 13) that are not 0755 root:root. A directory of conffs
 * decides mode and owner of the merged one, so one that the host gives only as a parent must be as in the image.
 * Group numbers below 100 are the same on every Debian system (base-passwd).
 */
const SPECIAL: Readonly<Record<string, DirectoryMode>> = {
  '/root': { mode: 0o700, uid: 0, gid: 0 },
  '/root/.ssh': { mode: 0o700, uid: 0, gid: 0 },
  '/tmp': { mode: 0o1777, uid: 0, gid: 0 },
  '/var/tmp': { mode: 0o1777, uid: 0, gid: 0 },
  '/var/local': { mode: 0o2775, uid: 0, gid: 50 },
  '/var/mail': { mode: 0o2775, uid: 0, gid: 8 },
  '/var/cache/private': { mode: 0o700, uid: 0, gid: 0 },
  '/var/lib/private': { mode: 0o700, uid: 0, gid: 0 },
  '/var/log/private': { mode: 0o700, uid: 0, gid: 0 },
  '/etc/sudoers.d': { mode: 0o750, uid: 0, gid: 0 },
  '/etc/credstore': { mode: 0o700, uid: 0, gid: 0 },
  '/etc/credstore.encrypted': { mode: 0o700, uid: 0, gid: 0 },
};

/** Directories without which no root works: they cannot be replaced or deleted. */
const ESSENTIAL = new Set([
  ...['/boot', '/dev', '/etc', '/home', '/proc', '/root', '/run', '/srv', '/sys', '/tmp', '/usr', '/var'],
  ...['/usr/bin', '/usr/lib', '/usr/lib64', '/usr/sbin', '/usr/share', '/etc/ssh', '/etc/systemd'],
  ...['/var/cache', '/var/lib', '/var/log', '/var/spool', '/var/tmp'],
]);

/** Symbolic links of a Debian root whose targets are directories; a real directory in their place would hide those. */
const LINKS: readonly (readonly [link: string, target: string])[] = [
  ['/bin', '/usr/bin'],
  ['/sbin', '/usr/sbin'],
  ['/lib', '/usr/lib'],
  ['/lib32', '/usr/lib32'],
  ['/lib64', '/usr/lib64'],
  ['/libx32', '/usr/libx32'],
  ['/var/lock', '/run/lock'],
  ['/var/run', '/run'],
];

/** A mount of the running system lies over these, so that no file of theirs could be seen. */
const MOUNTED = ['/dev', '/proc', '/run', '/sys'];

/** Mode and owner that a directory has in an image, as far as can be known without it: 0755 root:root. */
export function standardDirectory(path: string): DirectoryMode {
  return SPECIAL[path] ?? ROOT_755;
}

/** Whether every root needs this directory. */
export function isEssential(path: string): boolean {
  return ESSENTIAL.has(path);
}

/** The path with symbolic links of a standard root followed: `/lib/x` is `/usr/lib/x`. */
export function withoutStandardLinks(path: string): string {
  for (const [link, target] of LINKS) {
    if (path === link || path.startsWith(`${link}/`)) return target + path.slice(link.length);
  }
  return path;
}

/** Whether a mount of the running system hides the path. */
export function isHidden(path: string): boolean {
  return MOUNTED.some((mount) => path === mount || path.startsWith(`${mount}/`));
}
