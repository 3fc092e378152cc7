#!/bin/sh
# First process of the initramfs: a minimal system, then the live root, then its init.
export PATH=/usr/sbin:/usr/bin

mount -t proc -o nosuid,noexec,nodev proc /proc
mount -t sysfs -o nosuid,noexec,nodev sysfs /sys
# The kernel mounts devtmpfs by itself where it can.
grep -q ' /dev ' /proc/mounts || mount -t devtmpfs -o mode=0755,nosuid devtmpfs /dev
mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs /run
exec </dev/console >/dev/console 2>&1

/usr/lib/bivouac/boot.sh /sysroot

# Moves /dev, /proc, /sys and /run along and frees the memory of the initramfs.
exec switch_root /sysroot /sbin/init
