#!/bin/sh
# shellcheck disable=SC2034 # parts share variables
# One boot, in reading order: disk, network, manifest, files, root, state. The argument is where the root goes.
set -u
umask 022
BIVOUAC=/usr/lib/bivouac
RUN=/run/bivouac
BOOT_ENV_FILE=/etc/bivouac/boot.env
BIVOUAC_SERVER='' BIVOUAC_TOKEN='' BIVOUAC_HOST='' BIVOUAC_BOOT='' BIVOUAC_RELEASE=''
for part in say debug report boot-env signature manifest cards network fetch disk cache kept start load root state failure; do
    # shellcheck disable=SC1090
    . "$BIVOUAC/$part.sh"
done

boot() {
    end_trace
    step disk open_cache
    KEPT=$(kept_folder) || KEPT=''
    # With something to fall back to nobody waits for minutes.
    [ -z "$KEPT" ] || FETCH_TRIES=4
    tries_wanted
    if load_from_server; then
        mount_new_root "$1" || return 1
        keep_boot "$CONFFS"
    elif [ -n "$KEPT" ] && may_use_disk; then
        load_from_disk "$KEPT" "$FAIL_STAGE: $FAIL_REASON" && mount_new_root "$1" || return 1
    else
        return 1
    fi
    close_cache
    report root-mounted "uptime=$(uptime_now)"
}

mount_new_root() {
    step root mount_root "$1" "$LAYERS" || return 1
    check_root "$1" && step state mount_state "$1" || return 1
    pin_machine_id "$1"
}

STARTED=$(uptime_now)
say "live root starts, kernel $(uname -r)"
mkdir -p "$RUN"
# All of the RAM may go to images: what fits was checked against the manifest.
mount -t tmpfs -o mode=0700,size=100% bivouac "$RUN"
mkdir -p "$RUN/images" "$RUN/layers"
load_filesystems
round=1
until boot "$1"; do
    handle_failure "$round"
    round=$((round + 1))
done
report switch-root "uptime=$(uptime_now)"
say "root mounted after $(uptime_now) s, switching to it"
debug_shell before:switch-root
