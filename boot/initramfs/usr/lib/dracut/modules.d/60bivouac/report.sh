# shellcheck shell=sh
# Milestones to the server. Telling is a courtesy: it never stops or fails a boot.

# report MILESTONE [FIELD=VALUE...]
report() {
    [ -s "$RUN/authorization" ] || return 0
    report_milestone=$1
    shift
    for report_field in "$@"; do
        shift
        set -- "$@" --data-urlencode "$report_field"
    done
    # The header is read from a file: argument lists are visible to every process.
    curl --silent --output /dev/null --noproxy '*' --proto '=http,https' --connect-timeout 2 --max-time 5 \
        --header "@$RUN/authorization" --data-urlencode "milestone=$report_milestone" "$@" \
        "$BIVOUAC_SERVER/boot/events" 2>/dev/null || :
}
