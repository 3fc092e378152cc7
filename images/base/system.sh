#!/bin/sh -eu
# What every host runs: systemd, its network, SSH, and what builds the initramfs.

apt-get update
apt-get install --yes --no-install-recommends \
    systemd systemd-sysv systemd-resolved systemd-timesyncd dbus udev kmod \
    openssh-server ca-certificates curl iproute2 iputils-ping procps less \
    dracut dracut-core busybox cpio zstd openssl

systemctl enable systemd-networkd.service systemd-resolved.service

# A host lives until its next boot; what keeps a long-lived system in order has nothing to do here.
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer \
    e2scrub_reap.service systemd-firstboot.service systemd-machine-id-commit.service
# The address is there since the initramfs; nothing has to wait for it again.
systemctl disable systemd-networkd-wait-online.service

# Host keys come with the conffs: a key in a layer would be the same on all hosts.
rm -f /etc/ssh/ssh_host_*
passwd --lock root

/usr/lib/bivouac/clean-layer
