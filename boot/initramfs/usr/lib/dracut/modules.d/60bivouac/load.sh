# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# From the server's manifest to files in memory.

# A file of the manifest, told to the server with the time it took. Sets nothing.
fetch_row() {
    row_started=$(uptime_now)
    fetch_file "$1" "$2" "$3" "$RUN/images/$1" "${5:-}" || return 1
    report "$4" "uptime=$(uptime_now)" "subject=sha256:$1" "bytes=$2" "seconds=$(seconds_since "$row_started")"
}

seconds_since() {
    printf '%s %s\n' "$(uptime_now)" "$1" | awk '{ printf "%.2f", $1 - $2 }'
}

fetch_manifest() {
    STAGE=manifest
    manifest_tries=0
    until rm -f "$RUN/manifest.new" && ask_server "$BIVOUAC_SERVER/boot/manifest" "$RUN/manifest.new"; do
        manifest_tries=$((manifest_tries + 1))
        manifest_reason=$(errors_of "$RUN/fetch.errors")
        is_refused "$RUN/fetch.errors" || AWAY=1
        if [ "$manifest_tries" -ge "$FETCH_TRIES" ] || [ "$AWAY" = 0 ]; then
            fail manifest "$manifest_reason" "$BIVOUAC_SERVER/boot/manifest"
            return 1
        fi
        say "manifest: $manifest_reason; trying again ($manifest_tries of $FETCH_TRIES)"
        fetch_pause "$manifest_tries"
        AWAY=0
    done
    mv "$RUN/manifest.new" "$RUN/manifest"
    mv "$RUN/manifest.new.signature" "$RUN/manifest.signature"
    verify_signature "$RUN/manifest" "$RUN/manifest.signature" || return 1
    parse_manifest "$RUN/manifest" "$RUN/plan" && check_kernel
}

check_kernel() {
    [ "$KERNEL_VERSION" = "$(uname -r)" ] && return 0
    fail modules "The release is for kernel $KERNEL_VERSION, running is $(uname -r)" "$BIVOUAC_SERVER/boot/manifest"
    return 1
}

fetch_files() {
    LAYERS=0
    total=$(grep -c '^layer ' "$RUN/plan")
    while read -r kind hex bytes url <&3; do
        if [ "$kind" = layer ]; then
            STAGE="layer $((LAYERS + 1)) of $total"
            fetch_layer "$hex" "$bytes" "$url" || return 1
            mount_layer "$hex" "$LAYERS" || return 1
            LAYERS=$((LAYERS + 1))
        else
            STAGE=conffs
            fetch_row "$hex" "$bytes" "$url" conffs-fetched "$RUN/authorization" || return 1
            keep_conffs "$hex"
            unpack_conffs "$hex" || return 1
            CONFFS=$hex
        fi
    done 3<"$RUN/plan"
}

# fetch_layer HEX BYTES URL: from the disk where that has it.
fetch_layer() {
    if [ ! -f "$RUN/images/$1" ] && cache_take "$1" "$2" "$RUN/images/$1"; then
        say "$STAGE: $(mebibytes "$2") MiB, from the disk"
        report layer-fetched "uptime=$(uptime_now)" "subject=sha256:$1" "bytes=$2" 'detail=from the disk'
        return 0
    fi
    say "$STAGE: $(mebibytes "$2") MiB"
    fetch_row "$1" "$2" "$3" layer-fetched || return 1
    cache_keep "$1" "$RUN/images/$1"
}

# Everything up to verified files, with LAYERS mounted and the conffs unpacked. Sets AWAY to 1 when it is the network or
# the server that is not there, and LOCAL when the disk has started this host.
load_from_server() {
    AWAY=0 LOCAL=0
    if [ -s "$RUN/boot.env" ] || [ -s "$BOOT_ENV_FILE" ] || ! kept_folder >/dev/null; then
        take_boot_env && parse_boot_env "$RUN/boot.env" || return 1
        step network start_network || return 1
    else
        LOCAL=1
        step network start_network && ask_boot_env && parse_boot_env "$RUN/boot.env" || return 1
    fi
    begin_trace
    say "$BIVOUAC_HOST has $ADDRESS on $CARD; server $BIVOUAC_SERVER"
    if [ -n "$STARTED" ]; then
        report initramfs-started "uptime=$STARTED"
        STARTED=''
    fi
    report network-up "uptime=$(uptime_now)" "detail=$CARD $ADDRESS"
    step manifest fetch_manifest || return 1
    say "release $BIVOUAC_RELEASE"
    report manifest-fetched "uptime=$(uptime_now)" "release=$BIVOUAC_RELEASE"
    check_memory "$RUN/plan" || return 1
    step files fetch_files
}
