/** Names that releases give to what is made of a root, so that no file copied out of it may have them. */
const NAMES: ReadonlySet<string> = new Set([
  ...['kernel', 'initramfs', 'release.json'],
  ...['rootfs.squashfs', 'vmlinuz', 'initrd-dracut-live', 'initrd-live-boot'],
  ...['rootfs.tar', 'rootfs.tar.gz', 'rootfs.tar.xz', 'rootfs.tar.zst', 'oci.tar'],
  ...['disk.raw', 'disk.qcow2', 'openstack.qcow2', 'vagrant.box'],
]);

/** Whether a release may hold a file of that name which was not copied out of the root. */
export function isRootPublishedName(name: string): boolean {
  return NAMES.has(name) || /^layer-[0-9]{1,3}$/.test(name);
}
