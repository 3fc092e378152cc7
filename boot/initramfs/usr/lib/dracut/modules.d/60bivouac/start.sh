# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# What starts this host from its disk: kernel, initramfs, and entries for a boot loader that a person has installed.

# keep_start FOLDER: the server's text, believed like the manifest, and the two files that it names.
keep_start() {
    STAGE=start
    ask_server "$BIVOUAC_SERVER/boot/start" "$1/start" || return 1
    verify_signature "$1/start" "$1/start.signature" || {
        say "disk: $FAIL_REASON"
        return 1
    }
    parse_start "$1/start" || return 1
    for start_row in "$START_KERNEL" "$START_INITRAMFS"; do
        # HEX BYTES URL, of a closed alphabet.
        # shellcheck disable=SC2086
        set -- $start_row
        [ -f "$CACHE/files/$1" ] && continue
        cache_room "$2" && fetch_file "$1" "$2" "$3" "$CACHE/files/$1" || return 1
    done
}

# ask_server URL FILE: an answer of the boot protocol with its signature in FILE.signature; one try.
ask_server() {
    curl --silent --show-error --fail --noproxy '*' --proto '=http,https' --max-redirs 0 --connect-timeout 5 \
        --max-time 30 --max-filesize "$MANIFEST_LIMIT" --header "@$RUN/authorization" --header 'Accept: text/plain' \
        --dump-header "$2.headers" --output "$2" "$1" 2>"$RUN/fetch.errors" || return 1
    signature_of "$2.headers" "$2.signature"
    rm -f "$2.headers"
}

# parse_start FILE: eight lines in this order. Sets START_KERNEL and START_INITRAMFS (HEX BYTES URL) and START_CMDLINE.
parse_start() {
    start_number=0
    while IFS= read -r start_line || [ -n "$start_line" ]; do
        start_number=$((start_number + 1))
        case $start_number:$start_line in
        '1:bivouac-start 1' | "2:host $BIVOUAC_HOST" | "3:boot $BIVOUAC_BOOT" | "4:release $BIVOUAC_RELEASE" | 8:end) ;;
        '5:kernel sha256:'*) START_KERNEL=$(start_file "${start_line#*:}") || return 1 ;;
        '6:initramfs sha256:'*) START_INITRAMFS=$(start_file "${start_line#*:}") || return 1 ;;
        '7:cmdline '*)
            START_CMDLINE=${start_line#cmdline }
            [ -z "$(printf '%s' "$START_CMDLINE" | tr -d 'A-Za-z0-9_.,:;/=@+%~^*!?()[] -')" ] || return 1
            ;;
        *) return 1 ;;
        esac
    done <"$1"
    [ "$start_number" -eq 8 ]
}

# start_file 'HEX BYTES URL': prints it when it has this form.
start_file() {
    case $1 in *[!A-Za-z0-9\ :/._+~%-]*) return 1 ;; esac
    # shellcheck disable=SC2086
    set -- $1
    [ "$#" -eq 3 ] && is_hex64 "$1" && is_size "$2" && is_manifest_url layer "$3" || return 1
    printf '%s %s %s' "$1" "$2" "$3"
}

# write_loaders FOLDER: a GRUB configuration and an entry of the Boot Loader Specification, replaced at once.
write_loaders() {
    parse_start "$1/start" || return 1
    start_title="Bivouac: $BIVOUAC_HOST, release $(printf %.19s "$BIVOUAC_RELEASE")"
    start_kernel=/bivouac/files/${START_KERNEL%% *}
    start_initramfs=/bivouac/files/${START_INITRAMFS%% *}
    mkdir -p "$RUN/disk/loader/entries"
    {
        printf 'title %s\nlinux %s\ninitrd %s\noptions %s\n' \
            "$start_title" "$start_kernel" "$start_initramfs" "$START_CMDLINE"
    } >"$RUN/disk/loader/entries/bivouac.new" || return 1
    {
        printf 'set timeout=3\nsearch --no-floppy --file --set=root %s\n' "$start_kernel"
        printf "menuentry '%s' {\n    linux %s" "$start_title" "$start_kernel"
        # No character of an argument means anything between single quotes; none is one.
        set -f
        for start_word in $START_CMDLINE; do printf " '%s'" "$start_word"; done
        set +f
        printf '\n    initrd %s\n}\n' "$start_initramfs"
    } >"$CACHE/grub.new" || return 1
    mv "$RUN/disk/loader/entries/bivouac.new" "$RUN/disk/loader/entries/bivouac.conf" &&
        mv "$CACHE/grub.new" "$CACHE/grub.cfg"
}

# For a host that its own disk has started: the server's boot.env, by the address that it leases.
ask_boot_env() {
    start_set=$(kept_folder) || return 1
    BIVOUAC_SERVER=$(head -n 1 "$start_set/server")
    case $BIVOUAC_SERVER in
    *[!A-Za-z0-9:/._-]*) return 1 ;;
    http://?* | https://?*) ;;
    *) return 1 ;;
    esac
    : >"$RUN/authorization"
    start_tries=0
    until curl --silent --show-error --fail --noproxy '*' --proto '=http,https' --max-redirs 0 --connect-timeout 5 \
        --max-time 30 --max-filesize 4096 --output "$RUN/boot.env.new" \
        "$BIVOUAC_SERVER/boot/env/$(tr : - <"/sys/class/net/$CARD/address")" 2>"$RUN/fetch.errors"; do
        start_tries=$((start_tries + 1))
        [ "$start_tries" -ge "$FETCH_TRIES" ] && break
        fetch_pause "$start_tries"
    done
    if [ -s "$RUN/boot.env.new" ] && (umask 077 && cat "$RUN/boot.env.new" >"$RUN/boot.env"); then
        rm -f "$RUN/boot.env.new"
        return 0
    fi
    AWAY=1
    fail boot-env "$(errors_of "$RUN/fetch.errors")" "$BIVOUAC_SERVER/boot/env"
    return 1
}
