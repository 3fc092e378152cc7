#!/bin/sh
# One boot, in reading order: boot.env, network, manifest, layers, conffs, root. The argument is where the root goes.
set -u
umask 022
BIVOUAC=/usr/lib/bivouac
RUN=/run/bivouac
# shellcheck disable=SC2034 # boot-env.sh reads it
BOOT_ENV_FILE=/etc/bivouac/boot.env
for part in say report boot-env manifest cards network fetch root failure; do
    # shellcheck disable=SC1090
    . "$BIVOUAC/$part.sh"
done

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
    rm -f "$RUN/manifest.new"
    manifest_tries=0
    until curl --silent --show-error --fail --noproxy '*' --proto '=http,https' --max-redirs 0 --connect-timeout 5 \
        --max-time 30 --max-filesize "$MANIFEST_LIMIT" --header "@$RUN/authorization" --header 'Accept: text/plain' \
        --output "$RUN/manifest.new" "$BIVOUAC_SERVER/boot/manifest" 2>"$RUN/fetch.errors"; do
        manifest_tries=$((manifest_tries + 1))
        manifest_reason=$(printable "$(cat "$RUN/fetch.errors")")
        if [ "$manifest_tries" -ge "$FETCH_TRIES" ] || grep -Eq 'error: 4(0[0134]|10)' "$RUN/fetch.errors"; then
            fail manifest "$manifest_reason" "$BIVOUAC_SERVER/boot/manifest"
            return 1
        fi
        say "manifest: $manifest_reason; trying again ($manifest_tries of $FETCH_TRIES)"
        fetch_pause "$manifest_tries"
    done
    mv "$RUN/manifest.new" "$RUN/manifest"
    parse_manifest "$RUN/manifest" "$RUN/plan" || return 1
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
            say "$STAGE: $(mebibytes "$bytes") MiB"
            fetch_row "$hex" "$bytes" "$url" layer-fetched || return 1
            mount_layer "$hex" "$LAYERS" || return 1
            LAYERS=$((LAYERS + 1))
        else
            STAGE=conffs
            fetch_row "$hex" "$bytes" "$url" conffs-fetched "$RUN/authorization" || return 1
            unpack_conffs "$hex" || return 1
        fi
    done 3<"$RUN/plan"
}

boot() {
    take_boot_env && parse_boot_env "$RUN/boot.env" || return 1
    start_network || return 1
    say "$BIVOUAC_HOST has $ADDRESS on $CARD; server $BIVOUAC_SERVER"
    if [ -n "$STARTED" ]; then
        report initramfs-started "uptime=$STARTED"
        STARTED=''
    fi
    report network-up "uptime=$(uptime_now)" "detail=$CARD $ADDRESS"
    fetch_manifest || return 1
    say "release $BIVOUAC_RELEASE"
    report manifest-fetched "uptime=$(uptime_now)" "release=$BIVOUAC_RELEASE"
    check_memory "$RUN/plan" || return 1
    fetch_files || return 1
    mount_root "$1" "$LAYERS" || return 1
    check_root "$1" || return 1
    pin_machine_id "$1"
    report root-mounted "uptime=$(uptime_now)"
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
