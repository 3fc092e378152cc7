# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# What this host booted last, kept on the disk as one set: manifest, signature, conffs, and what starts it without the
# network. A set gets its name when it is whole; `current` names the newest.

# Prints the folder of the newest set whose kernel is the running one.
kept_folder() {
    [ -n "$CACHE" ] || return 1
    kept_current=$(head -c 100 "$CACHE/current" 2>/dev/null)
    for kept_set in "$CACHE/boots/${kept_current:-none}" "$CACHE"/boots/*; do
        case $kept_set in *.new) continue ;; esac
        grep -qsx "kernel-version $(uname -r)" "$kept_set/manifest" || continue
        printf '%s' "$kept_set"
        return 0
    done
    return 1
}

# The conffs as they came: they are gone once they are unpacked.
keep_conffs() {
    [ -n "$CACHE" ] || return 0
    rm -f "$CACHE/conffs.new"
    (umask 077 && cp "$RUN/images/$1" "$CACHE/conffs.new") 2>/dev/null || say 'disk: the conffs cannot be kept'
}

# Keeps the boot that the server serves. The argument is the digest of its conffs.
keep_boot() {
    [ -n "$CACHE" ] || return 0
    kept_name=$(printf '%.16s-%.16s' "${BIVOUAC_RELEASE#sha256:}" "$1")
    kept_new=$CACHE/boots/$kept_name.new
    if [ "$(cat "$CACHE/current" 2>/dev/null)" = "$kept_name" ] && [ -f "$CACHE/boots/$kept_name/manifest" ]; then
        rm -f "$CACHE/conffs.new"
        return 0
    fi
    rm -rf "$kept_new"
    if (umask 077 && keep_set "$1") && sync && rename_set; then
        say "disk: release $(printf %.19s "$BIVOUAC_RELEASE") is kept for a boot without the server"
    else
        rm -rf "$kept_new" "$CACHE/conffs.new"
        say 'disk: this boot is not kept'
    fi
}

keep_set() {
    while read -r keep_kind keep_hex _; do
        [ "$keep_kind" = conffs ] || [ -f "$CACHE/files/$keep_hex" ] || return 1
    done <"$RUN/plan"
    mkdir "$kept_new" && cp "$RUN/manifest" "$kept_new/manifest" && mv "$CACHE/conffs.new" "$kept_new/conffs.tar" || return 1
    cp "$RUN/manifest.signature" "$kept_new/signature" && printf '%s\n' "$BIVOUAC_SERVER" >"$kept_new/server" || return 1
    keep_start "$kept_new"
}

# The set before this one stays: its kernel may be the one that the firmware starts.
rename_set() {
    kept_before=$(cat "$CACHE/current" 2>/dev/null)
    rm -rf "${kept_new%.new}"
    mv "$kept_new" "${kept_new%.new}" && printf '%s' "$kept_name" >"$CACHE/current.new" || return 1
    write_loaders "${kept_new%.new}" && mv "$CACHE/current.new" "$CACHE/current" && sync || return 1
    for kept_old in "$CACHE"/boots/*; do
        case ${kept_old##*/} in "$kept_name" | "$kept_before") ;; *) rm -rf "$kept_old" ;; esac
    done
}

# Whether a boot that the server could not serve goes on with the kept set.
may_use_disk() {
    [ "$AWAY" = 1 ] && return 0
    [ "$LOCAL" = 1 ] && [ "$FAIL_STAGE" = modules ] || return 1
    # The running kernel is the disk's, so the channel's release has to wait for the next start.
    kept_reason=$FAIL_REASON
    say "disk: $kept_reason; keeping that release for the next start"
    update_disk || say "disk: it cannot be kept: $FAIL_REASON"
    FAIL_REASON=$kept_reason
}

# Fetches the release of the plan to the disk, not to memory.
update_disk() {
    CACHE_PINNED=1
    rm -f "$CACHE/conffs.new"
    umask 077
    while read -r kind hex bytes url <&3; do
        STAGE=update update_header='' update_file=$CACHE/files/$hex
        [ "$kind" = layer ] || CONFFS=$hex update_header=$RUN/authorization update_file=$CACHE/conffs.new
        [ -f "$update_file" ] && continue
        cache_room "$bytes" && fetch_file "$hex" "$bytes" "$url" "$update_file" "$update_header" && continue
        umask 022
        return 1
    done 3<"$RUN/plan"
    keep_boot "$CONFFS"
    umask 022
}

# load_from_disk FOLDER REASON: as `load_from_server`, from a kept set alone.
load_from_disk() {
    STAGE=disk
    say "the server does not serve this boot ($2)"
    say "booting what the disk keeps of $(date -r "$1/manifest" '+%Y-%m-%d %H:%M' 2>/dev/null)"
    cp "$1/manifest" "$RUN/manifest"
    cp "$1/signature" "$RUN/manifest.signature"
    BIVOUAC_SERVER=$(head -n 1 "$1/server")
    verify_signature "$RUN/manifest" "$RUN/manifest.signature" || return 1
    take_names "$RUN/manifest" || return 1
    parse_manifest "$RUN/manifest" "$RUN/plan" && check_kernel && check_memory "$RUN/plan" || return 1
    LAYERS=0
    while read -r kind hex bytes _ <&3; do
        load_kept "$kind" "$hex" "$bytes" "$1" || return 1
    done 3<"$RUN/plan"
    # For the agent, which tells the server when it is back.
    printf '%s\n' "$BIVOUAC_SERVER" >"$RUN/server"
    printf '%s\n' "$2" >"$RUN/from-disk"
}

# load_kept KIND HEX BYTES FOLDER
load_kept() {
    if [ "$1" = layer ]; then
        cache_take "$2" "$3" "$RUN/images/$2" || [ -f "$RUN/images/$2" ] || {
            fail disk "The disk does not hold layer $((LAYERS + 1)), $(printf %.12s "$2")"
            return 1
        }
        mount_layer "$2" "$LAYERS" || return 1
        LAYERS=$((LAYERS + 1))
    elif [ "$(sha256sum <"$4/conffs.tar" | cut -c 1-64)" = "$2" ]; then
        cp "$4/conffs.tar" "$RUN/images/$2"
        unpack_conffs "$2"
    else
        fail disk 'The conffs on the disk are damaged'
        return 1
    fi
}

# The kept manifest says who we are; a boot loader that named another host is right.
take_names() {
    names_host=$(sed -n 's/^host //p' "$1")
    if [ -n "$BIVOUAC_HOST" ] && [ "$BIVOUAC_HOST" != "$names_host" ]; then
        fail disk "The disk is of host $(printable "$names_host"), this is $BIVOUAC_HOST"
        return 1
    fi
    BIVOUAC_HOST=$names_host
    BIVOUAC_BOOT=$(sed -n 's/^boot //p' "$1")
    BIVOUAC_RELEASE=$(sed -n 's/^release //p' "$1")
}
