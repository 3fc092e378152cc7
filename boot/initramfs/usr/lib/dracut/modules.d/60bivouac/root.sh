# shellcheck shell=sh
# From verified files to a root: squashfs layers, conffs above them, a tmpfs on top.

# Memory that the root needs besides its layers, to start at all.
RESERVE_BYTES=67108864

# Layers stay compressed in RAM; conffs are there twice for a moment, as archive and unpacked.
check_memory() {
    memory_needed=$RESERVE_BYTES
    while read -r memory_kind memory_hex memory_bytes _; do
        [ -f "$RUN/images/$memory_hex" ] && continue
        memory_needed=$((memory_needed + memory_bytes))
        [ "$memory_kind" = conffs ] && memory_needed=$((memory_needed + memory_bytes))
    done <"$1"
    memory_free=$(awk '/^MemAvailable:/ { print $2; exit }' "${MEMINFO_FILE:-/proc/meminfo}")
    [ "$((memory_free * 1024))" -ge "$memory_needed" ] && return 0
    fail memory "The root needs $(mebibytes "$memory_needed") MiB of memory, $((memory_free / 1024)) MiB are free"
    return 1
}

# Debian's busybox has no mountpoint(1).
is_mounted() {
    grep -q " $1 " /proc/mounts
}

# mount_layer HEX INDEX
mount_layer() {
    mkdir -p "$RUN/layers/$2"
    is_mounted "$RUN/layers/$2" && return 0
    mount -t squashfs -o loop,ro,nodev "$RUN/images/$1" "$RUN/layers/$2" 2>"$RUN/mount.errors" && return 0
    fail mount "Cannot mount layer $2: $(printable "$(cat "$RUN/mount.errors")")"
    return 1
}

# Owners, modes and device nodes (whiteouts) as they are in the archive; directories too.
unpack_conffs() {
    rm -rf "$RUN/conffs"
    mkdir -m 0755 "$RUN/conffs"
    if tar --extract --file "$RUN/images/$1" --directory "$RUN/conffs" --numeric-owner --same-owner \
        --same-permissions --xattrs --xattrs-include='*' 2>"$RUN/tar.errors"; then
        rm -f "$RUN/images/$1"
        return 0
    fi
    fail conffs "Cannot unpack the conffs: $(printable "$(cat "$RUN/tar.errors")")"
    return 1
}

# mount_root NEWROOT LAYER_COUNT: conffs top-most lower, so that the upper directory holds run-time changes only.
mount_root() {
    root_lower=$RUN/conffs
    root_index=$2
    while [ "$root_index" -gt 0 ]; do
        root_index=$((root_index - 1))
        root_lower=$root_lower:$RUN/layers/$root_index
    done
    mkdir -p "$RUN/overlay"
    # A tmpfs of its own with the kernel's default bound, half of the RAM.
    is_mounted "$RUN/overlay" || mount -t tmpfs -o mode=0700 bivouac-overlay "$RUN/overlay"
    mkdir -p "$RUN/overlay/upper" "$RUN/overlay/work"
    mount -t overlay -o "lowerdir=$root_lower,upperdir=$RUN/overlay/upper,workdir=$RUN/overlay/work" \
        bivouac "$1" 2>"$RUN/mount.errors" && return 0
    fail mount "Cannot mount the root: $(printable "$(cat "$RUN/mount.errors")")"
    return 1
}

# systemd opens /etc/machine-id for writing at each boot, which would copy it into the upper directory.
pin_machine_id() {
    [ -s "$RUN/conffs/etc/machine-id" ] || return 0
    mount -o bind "$RUN/conffs/etc/machine-id" "$1/etc/machine-id"
    mount -o remount,bind,ro "$1/etc/machine-id"
}

# A root without the modules of the running kernel boots and then lacks drivers: worse than no boot.
check_root() {
    if [ ! -d "$1/usr/lib/modules/$(uname -r)" ]; then
        fail modules "The root has no modules for the running kernel $(uname -r)"
    elif [ ! -x "$1/usr/sbin/init" ]; then
        fail mount 'The root has no /usr/sbin/init'
    else
        return 0
    fi
    umount "$1"
    return 1
}
