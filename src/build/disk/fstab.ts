/** The root of a disk in `/etc/fstab`, in place of any other root; `x-systemd.growfs` is systemd.mount(5)'s. */
export function withRoot(fstab: string, rootUuid: string): string {
  const others = fstab.split('\n').filter((line) => line.trim() !== '' && mountPointOf(line) !== '/');
  return [`UUID=${rootUuid} / ext4 errors=remount-ro,x-systemd.growfs 0 1`, ...others, ''].join('\n');
}

/** Second field of fstab(5); undefined for a comment. */
function mountPointOf(line: string): string | undefined {
  return line.startsWith('#') ? undefined : line.trim().split(/\s+/)[1];
}
