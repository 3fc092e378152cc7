# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# The host's boot manifest: a closed grammar, read line by line, never evaluated.

MANIFEST_LIMIT=65536
LAYER_LIMIT=64

# parse_manifest FILE PLAN: checks every line against the grammar and against boot.env; writes the rows to fetch as
# `layer|conffs HEX BYTES URL` to PLAN and sets KERNEL_VERSION.
parse_manifest() {
    KERNEL_VERSION=''
    manifest_next=header manifest_layers=0 manifest_number=0
    : >"$2"
    if [ "$(wc -c <"$1")" -gt "$MANIFEST_LIMIT" ]; then
        manifest_fault "it is larger than $MANIFEST_LIMIT bytes"
        return 1
    fi
    while IFS= read -r manifest_line || [ -n "$manifest_line" ]; do
        manifest_number=$((manifest_number + 1))
        case $manifest_line in
        *[!A-Za-z0-9\ :/._+~%-]*)
            manifest_fault "line $manifest_number has characters that do not belong there"
            return 1
            ;;
        esac
        # No glob character is left, so this splits and nothing else.
        # shellcheck disable=SC2086
        manifest_row "$2" $manifest_line || return 1
    done <"$1"
    [ "$manifest_next" = nothing ] && return 0
    manifest_fault "it ends early, wanted $manifest_next"
    return 1
}

manifest_fault() {
    fail manifest "The manifest is not valid: $1" "$BIVOUAC_SERVER/boot/manifest"
}

# One line, split into words: what may come depends on what came.
manifest_row() {
    manifest_plan=$1
    shift
    case "$manifest_next $#" in
    'header 2') manifest_word "$*" 'bivouac-manifest 1' host ;;
    'host 2') manifest_word "$*" "host $BIVOUAC_HOST" boot ;;
    'boot 2') manifest_word "$*" "boot $BIVOUAC_BOOT" image ;;
    'image 2') manifest_word "$1" image release ;;
    'release 2') manifest_word "$*" "release $BIVOUAC_RELEASE" kernel-version ;;
    'kernel-version 2')
        KERNEL_VERSION=$2
        manifest_word "$1" kernel-version layer
        ;;
    'layer 4' | 'layer or conffs 4') manifest_file "$@" ;;
    'end 1') manifest_word "$1" end nothing ;;
    *)
        manifest_fault "line $manifest_number has $# words, wanted $manifest_next"
        return 1
        ;;
    esac
}

# manifest_word GOT WANTED NEXT
manifest_word() {
    if [ "$1" != "$2" ]; then
        manifest_fault "line $manifest_number is \"$(printable "$1")\", wanted \"$2\""
        return 1
    fi
    manifest_next=$3
}

# manifest_file KIND DIGEST BYTES URL
manifest_file() {
    manifest_hex=${2#sha256:}
    case $1 in
    layer)
        manifest_layers=$((manifest_layers + 1))
        manifest_next='layer or conffs'
        ;;
    conffs)
        [ "$manifest_layers" -gt 0 ] || manifest_layers=$((LAYER_LIMIT + 1))
        manifest_next=end
        ;;
    *) manifest_layers=$((LAYER_LIMIT + 1)) ;;
    esac
    if [ "$manifest_layers" -gt "$LAYER_LIMIT" ]; then
        manifest_fault "line $manifest_number is a \"$1\", wanted 1 to $LAYER_LIMIT layers, then conffs"
    elif [ "$2" = "$manifest_hex" ] || ! is_hex64 "$manifest_hex"; then
        manifest_fault "line $manifest_number has no sha256 digest"
    elif ! is_size "$3"; then
        manifest_fault "line $manifest_number has no size in bytes"
    elif ! is_manifest_url "$1" "$4"; then
        manifest_fault "line $manifest_number has a URL that this host does not fetch"
    else
        printf '%s %s %s %s\n' "$1" "$manifest_hex" "$3" "$4" >>"$manifest_plan"
        return 0
    fi
    return 1
}

is_hex64() {
    case $1 in *[!0-9a-f]*) return 1 ;; esac
    [ "${#1}" -eq 64 ]
}

# 1 to 999 999 999 999, no leading zero (which the shell would read as octal).
is_size() {
    case $1 in '' | 0* | *[!0-9]*) return 1 ;; esac
    [ "${#1}" -le 12 ]
}

# Layers may come from any http server, their digest guards them; the conffs only from our own, since the token goes along.
is_manifest_url() {
    case "$1 $2" in
    "conffs $BIVOUAC_SERVER/"?*) return 0 ;;
    'layer http://'?* | 'layer https://'?*) return 0 ;;
    *) return 1 ;;
    esac
}
