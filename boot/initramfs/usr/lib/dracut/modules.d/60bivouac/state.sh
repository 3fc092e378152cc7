# shellcheck shell=sh
# shellcheck disable=SC2154 # parts share variables
# Paths whose content outlives a boot: bound from a partition of this machine over those of the root.
# `bivouac.persist=/A:/B` names them, `bivouac.state=LABEL` the partition (else bivouac-state).

# mount_state NEWROOT: without the partition the host runs from memory, unless `bivouac.state_missing=fail`.
mount_state() {
    state_paths=$(argument bivouac.persist)
    [ -n "$state_paths" ] || return 0
    state_label=$(argument bivouac.state bivouac-state)
    if ! is_label "$state_label"; then
        state_missing 'bivouac.state= is no label of a partition'
    elif ! mount_partition "$state_label" "$RUN/state"; then
        state_missing "$disk_reason"
    elif ! mkdir -p "$RUN/state/persist"; then
        state_missing "$state_label cannot be written"
    else
        # A parent before what lies in it.
        for state_path in $(printf '%s' "$state_paths" | tr : '\n' | sort -u); do
            bind_path "$1" "$state_path" || state_missing "$state_path: $state_reason" || return 1
        done
        return 0
    fi
}

# Returns 1 only when the policy is to fail.
state_missing() {
    if [ "$(argument bivouac.state_missing)" = fail ]; then
        fail state "What shall persist does not: $1"
        return 1
    fi
    say "WARNING what shall persist does not: $1"
    printf '%s\n' "$1" >>"$RUN/state.missing"
}

# bind_path NEWROOT PATH: else sets state_reason. On first use the disk gets the image's directory: owner, mode, content.
bind_path() {
    state_target=$1$2
    state_source=$RUN/state/persist$2
    is_mounted "$state_target" && return 0
    if ! is_plain_path "$1" "$2"; then
        state_reason='it is no absolute path of directories'
    elif ! mkdir -p "$state_target"; then
        state_reason='the root cannot have it'
    elif ! [ -d "$state_source" ] && ! take_directory "$state_target" "$state_source"; then
        state_reason='the disk cannot have it'
    elif ! mount -o bind "$state_source" "$state_target" 2>"$RUN/mount.errors"; then
        state_reason=$(errors_of "$RUN/mount.errors")
    else
        return 0
    fi
    return 1
}

# A link in the path could lead out of the root.
is_plain_path() {
    case $2/ in /*//* | */../* | */./*) return 1 ;; esac
    case $2 in /?*) ;; *) return 1 ;; esac
    state_rest=$2
    while [ -n "$state_rest" ]; do
        [ -L "$1$state_rest" ] && return 1
        [ -e "$1$state_rest" ] && [ ! -d "$1$state_rest" ] && return 1
        state_rest=${state_rest%/*}
    done
}

# take_directory FROM TO: under its name only when it is whole.
take_directory() {
    mkdir -p "${2%/*}" || return 1
    rm -rf "$2.new"
    if cp -a "$1" "$2.new" && sync && mv "$2.new" "$2"; then return 0; fi
    rm -rf "$2.new"
    return 1
}
