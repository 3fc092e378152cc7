# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# Files over HTTP: resumed, retried with back-off, hashed while they stream in, believed only when size and digest match.

FETCH_TRIES=${FETCH_TRIES:-10}

# `bivouac.tries=N` of the kernel arguments, 1 to 99, in place of what is usual; the last word wins, anything else is ignored.
tries_wanted() {
    for tries_word in $(kernel_arguments); do
        case $tries_word in
        bivouac.tries=[1-9] | bivouac.tries=[1-9][0-9]) FETCH_TRIES=${tries_word#bivouac.tries=} ;;
        esac
    done
}

# fetch_file HEX BYTES URL FILE [HEADER_FILE]: FILE exists afterwards only when it is right.
# A try that brought new bytes does not count, so a long transfer over a bad link ends some day.
fetch_file() {
    fetch_tries=0
    [ -f "$4" ] && return 0
    while :; do
        fetch_before=$(size_of "$4.part")
        fetch_stream "$2" "$3" "$4.part" "${5:-}"
        fetch_verdict "$1" "$2" "$4.part" && mv "$4.part" "$4" && return 0
        [ "$(size_of "$4.part")" -gt "$fetch_before" ] && fetch_tries=0
        fetch_tries=$((fetch_tries + 1))
        if [ "$fetch_final" = 1 ] || [ "$fetch_tries" -ge "$FETCH_TRIES" ]; then
            [ "$fetch_final" = 1 ] || AWAY=1
            fail "$STAGE" "$fetch_reason" "$3"
            return 1
        fi
        say "$STAGE: $fetch_reason; trying again ($fetch_tries of $FETCH_TRIES)"
        fetch_pause "$fetch_tries"
    done
}

# One pass: what is there already goes into the hash, the rest is asked for, kept and hashed as it comes.
fetch_stream() {
    fetch_have=$(size_of "$3")
    rm -f "$RUN/fetch.code" "$RUN/fetch.errors"
    : >>"$3"
    {
        cat "$3"
        if [ "$fetch_have" -lt "$1" ]; then
            {
                fetch_curl "$1" "$2" "$fetch_have" "$4" 2>"$RUN/fetch.errors"
                echo "$?" >"$RUN/fetch.code"
            } | tee -a "$3"
        fi
    } | sha256sum | cut -c 1-64 >"$RUN/fetch.sum"
}

# fetch_curl BYTES URL OFFSET HEADER_FILE: no redirects (they would lead the token away), no more bytes than announced.
fetch_curl() {
    set -- "$@" --silent --show-error --fail --noproxy '*' --proto '=http,https' --max-redirs 0 \
        --connect-timeout 5 --speed-limit 1 --speed-time 15 --max-filesize "$(($1 - $3))"
    [ "$3" -gt 0 ] && set -- "$@" --continue-at "$3"
    [ -n "$4" ] && set -- "$@" --header "@$4"
    fetch_url=$2
    shift 4
    curl "$@" "$fetch_url"
}

# Whether the file is complete and right; else sets fetch_reason, and fetch_final when asking again is of no use.
fetch_verdict() {
    fetch_code=$(cat "$RUN/fetch.code" 2>/dev/null || echo 0)
    fetch_size=$(size_of "$3")
    fetch_final=0
    if [ "$fetch_size" -eq "$2" ] && [ "$(cat "$RUN/fetch.sum")" = "$1" ]; then
        return 0
    fi
    fetch_reason="Got $fetch_size of $2 bytes: $(errors_of "$RUN/fetch.errors")"
    case $fetch_code in
    22) ! is_refused "$RUN/fetch.errors" || fetch_final=1 ;;
    # 33: the server knows no ranges; 63: it sends more than the manifest says. What we hold is of no use.
    33 | 63) rm -f "$3" ;;
    23) fetch_reason="Cannot keep the file: out of memory" ;;
    esac
    if [ "$fetch_size" -ge "$2" ]; then
        fetch_reason="Got sha256:$(cut -c 1-12 "$RUN/fetch.sum") and $fetch_size bytes, wanted sha256:$(printf %.12s "$1") and $2 bytes"
        rm -f "$3"
    fi
    return 1
}

# Whether the server has answered that there is nothing to be had, however often one asks.
is_refused() {
    grep -Eq 'error: 4(0[0134]|10)' "$1"
}

# 1, 2, 4, 8, 15, 15 … seconds.
fetch_pause() {
    case $1 in
    1 | 2 | 3 | 4) sleep "$((1 << ($1 - 1)))" ;;
    *) sleep 15 ;;
    esac
}

size_of() {
    if [ -f "$1" ]; then wc -c <"$1"; else echo 0; fi
}
