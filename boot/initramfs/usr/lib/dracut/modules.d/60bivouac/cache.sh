# shellcheck shell=sh
# shellcheck disable=SC2154 # parts share variables
# The local disk: layers by digest, and what this host booted last, for the day when the server is away.
# `bivouac.cache=LABEL` names the partition. Whatever fails here costs the cache and never a boot that the server serves.

CACHE=''
# Set while what is kept is what will be booted.
CACHE_PINNED=''
# Left free for what one boot keeps besides its layers.
CACHE_RESERVE_KIB=65536

# Mounts the partition once. Sets CACHE to our folder on it, or leaves it empty.
open_cache() {
    [ -z "$CACHE" ] || return 0
    cache_label=$(argument bivouac.cache)
    [ -n "$cache_label" ] || return 0
    if ! is_label "$cache_label"; then
        say 'disk: bivouac.cache= is no label of a partition'
    elif ! mount_partition "$cache_label" "$RUN/disk"; then
        say "disk: $disk_reason; going on without it"
    elif ! (umask 077 && mkdir -p "$RUN/disk/bivouac/files" "$RUN/disk/bivouac/boots"); then
        say "disk: $cache_label cannot be written; going on without it"
        umount "$RUN/disk"
    else
        CACHE=$RUN/disk/bivouac
        rm -f "$CACHE"/files/*.part
    fi
}

# All was copied to memory, so that the disk is free, and may fail, while the host runs.
close_cache() {
    [ -n "$CACHE" ] || return 0
    sync
    umount "$RUN/disk" && CACHE=''
}

# cache_take HEX BYTES FILE: the layer copied from the disk, when it is there and right. What is damaged goes.
cache_take() {
    [ -n "$CACHE" ] && [ -f "$CACHE/files/$1" ] || return 1
    cache_sum=$(tee "$3.disk" <"$CACHE/files/$1" 2>/dev/null | sha256sum | cut -c 1-64)
    if [ "$cache_sum" = "$1" ] && [ "$(size_of "$3.disk")" -eq "$2" ]; then
        mv "$3.disk" "$3"
        touch "$CACHE/files/$1"
        return 0
    fi
    rm -f "$3.disk" "$CACHE/files/$1"
    say "disk: layer $(printf %.12s "$1") was damaged and is dropped"
    return 1
}

# cache_keep HEX FILE: under its name only when it is whole; the digest is checked again on each use.
cache_keep() {
    [ -n "$CACHE" ] && [ ! -f "$CACHE/files/$1" ] || return 0
    cache_room "$(size_of "$2")" || return 0
    if cp "$2" "$CACHE/files/$1.part" 2>/dev/null && mv "$CACHE/files/$1.part" "$CACHE/files/$1"; then
        return 0
    fi
    rm -f "$CACHE/files/$1.part"
    say "disk: layer $(printf %.12s "$1") cannot be kept"
}

# cache_room BYTES: drops files until there is room: those that were not used for longest first, what is kept for a boot
# without the server last, what this boot needs never.
cache_room() {
    cache_wanted=$(($1 / 1024 + CACHE_RESERVE_KIB))
    while [ "$(cache_free)" -lt "$cache_wanted" ]; do
        cache_oldest=$(cache_droppable)
        if [ -n "$cache_oldest" ]; then
            rm -f "$CACHE/files/$cache_oldest"
        elif [ -f "$CACHE/current" ] && [ -z "$CACHE_PINNED" ]; then
            say 'disk: no room for two releases; the older one goes'
            rm -rf "$CACHE/current" "$CACHE"/boots/*
        else
            say "disk: no room for $(mebibytes "$1") MiB"
            return 1
        fi
    done
}

# KiB that may still be written: what the file system has free, within `bivouac.cache_size=MIB`.
cache_free() {
    cache_used=$(du -sk "$CACHE/files" | cut -f 1)
    cache_size=$(argument bivouac.cache_size)
    df -kP "$CACHE" | awk -v limit="$cache_size" -v used="$cache_used" 'NR == 2 {
        free = $4
        if (limit ~ /^[0-9]+$/ && limit * 1024 - used < free) free = limit * 1024 - used
        print int(free)
    }'
}

# The file that was not used for longest, of those that neither this boot nor a kept one needs.
cache_droppable() {
    # Names are digests.
    # shellcheck disable=SC2012
    ls -tr "$CACHE/files" | while read -r cache_name; do
        cat "$RUN/plan" "$CACHE"/boots/*/manifest "$CACHE"/boots/*/start 2>/dev/null | grep -q "$cache_name" && continue
        printf '%s' "$cache_name"
        break
    done
}
