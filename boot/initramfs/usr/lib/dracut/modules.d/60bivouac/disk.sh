# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# Partitions of this machine, found by their label. They are mounted, never formatted or repaired.

DISK_SECONDS=${DISK_SECONDS:-15}

# The label of ext4 has 16 characters at most, xfs 12, vfat 11.
is_label() {
    case $1 in '' | *[!A-Za-z0-9._-]*) return 1 ;; esac
    [ "${#1}" -le 16 ]
}

# wait_for_partition LABEL: prints its device. A disk may need seconds to spin up.
wait_for_partition() {
    disk_waited=0
    load_drivers
    while ! findfs "LABEL=$1" 2>/dev/null; do
        [ "$disk_waited" -ge "$DISK_SECONDS" ] && return 1
        disk_waited=$((disk_waited + 1))
        sleep 1
        load_drivers
    done
}

# mount_partition LABEL FOLDER: else sets disk_reason.
mount_partition() {
    is_mounted "$2" && return 0
    disk_device=$(wait_for_partition "$1") || {
        disk_reason="no partition labelled $1 appeared in $DISK_SECONDS s"
        return 1
    }
    disk_type=$(blkid "$disk_device" | sed -n 's/.* TYPE="\([a-z0-9]*\)".*/\1/p')
    disk_options=nodev,nosuid
    # FAT knows neither owners nor modes; what is kept there may be secret.
    [ "$disk_type" = vfat ] && disk_options=$disk_options,umask=0077
    modprobe -q -a nls_cp437 nls_ascii nls_iso8859-1 nls_utf8 "${disk_type:-none}" 2>/dev/null
    mkdir -p "$2"
    mount -t "${disk_type:-auto}" -o "$disk_options" "$disk_device" "$2" 2>"$RUN/mount.errors" && return 0
    disk_reason="$disk_device ($1) cannot be mounted: $(errors_of "$RUN/mount.errors")"
    return 1
}
