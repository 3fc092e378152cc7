#!/bin/bash
# Bivouac's live root for dracut. dracut packs, resolves libraries, drivers and firmware; at boot nothing of it runs:
# no systemd, no udev, which cost 3 MB and seconds for a root that needs one network card.
# shellcheck disable=SC2154

# called by dracut
check() {
    require_binaries busybox curl kmod switch_root tar tee sha256sum || return 1
    # Only when the configuration names it.
    return 255
}

# called by dracut
installkernel() {
    hostonly='' instmods loop squashfs overlay
    # All Ethernet cards by driver name, and the PHYs they hang on.
    hostonly='' instmods '=drivers/net/ethernet' '=drivers/net/phy' '=drivers/net/mdio' '=drivers/net/hyperv' \
        virtio_net vmxnet3 xen-netfront
    # What such a card hangs on: PCI bridges of ARM boards, virtio, Hyper-V and Xen buses; and a source of randomness.
    hostonly='' instmods '=drivers/pci/controller' virtio_pci virtio_mmio hv_vmbus xen-platform-pci virtio-rng
    [[ ${bivouac_disks:-yes} = no ]] || install_disk_drivers
}

# For partitions that keep layers or state: what disks commonly hang on, and their file systems.
install_disk_drivers() {
    hostonly='' instmods ahci nvme virtio_blk virtio_scsi sd_mod hv_storvsc xen-blkfront
    hostonly='' instmods ext4 vfat nls_cp437 nls_iso8859-1 nls_ascii nls_utf8 crc32c
}

# called by dracut
install() {
    local name busybox
    busybox=$(find_binary busybox)
    # tee and sha256sum: busybox's tee moves 1 KiB at a time, coreutils' 8; coreutils' sha256sum is libcrypto's.
    inst_multiple curl tar sha256sum tee kmod switch_root
    inst "$busybox" /usr/bin/busybox
    for name in modprobe depmod lsmod; do ln -s kmod "$initdir/usr/bin/$name"; done
    for name in $("$busybox" --list); do
        [[ -e $initdir/usr/bin/$name || -e $initdir/usr/sbin/$name ]] || ln -s busybox "$initdir/usr/bin/$name"
    done
    # iPXE before 1.21 does not create the folder of a file that it wraps in a cpio archive.
    mkdir -p "$initdir/etc/bivouac" "$initdir"/{proc,sys,dev,run,tmp,sysroot}
    for name in say debug report boot-env signature manifest cards network fetch disk cache kept start load root state \
        failure; do
        inst_simple "$moddir/$name.sh" "/usr/lib/bivouac/$name.sh"
    done
    for name in boot udhcpc; do
        inst_script "$moddir/$name.sh" "/usr/lib/bivouac/$name.sh"
    done
    inst_script "$moddir/init.sh" /init
    install_keys
}

# The keys that the initramfs believes, laid there by the builder; with none it believes every manifest.
install_keys() {
    local key
    for key in "${dracutsysrootdir-}"/etc/bivouac/keys/*.pem; do
        [[ -e $key ]] || continue
        inst_multiple openssl
        inst_simple "$key" "/etc/bivouac/keys/${key##*/}"
    done
}
