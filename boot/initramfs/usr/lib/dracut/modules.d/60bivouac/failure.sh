# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# What stopped the boot, told once to people and to the server; then the policy of `bivouac.on_failure=`.

ROUNDS=5
# 1: the network or the server is not there.
AWAY=0
FAIL_STAGE='' FAIL_REASON='' FAIL_URL=''

# fail STAGE REASON [URL]: only notes it; the caller returns 1 and `handle_failure` speaks.
fail() {
    FAIL_STAGE=$1
    FAIL_REASON=$2
    FAIL_URL=${3:-}
}

# handle_failure ROUND: returns when the boot is to be tried again.
handle_failure() {
    say "FAILED $FAIL_STAGE: $FAIL_REASON${FAIL_URL:+ ($FAIL_URL)}"
    report failed "uptime=$(uptime_now)" "detail=$FAIL_STAGE: $FAIL_REASON" ${FAIL_URL:+"subject=$FAIL_URL"}
    case $(failure_policy) in
    shell)
        say 'A shell on the console; leave it to try again, or type: reboot -f'
        setsid -c sh -i </dev/console >/dev/console 2>&1
        ;;
    reboot) restart_host ;;
    *)
        [ "$1" -ge "$ROUNDS" ] && restart_host
        failure_pause=$((5 * (1 << $1)))
        say "Trying again in $failure_pause s (round $1 of $ROUNDS, then a reboot)"
        sleep "$failure_pause"
        ;;
    esac
}

# A reboot asks the server for a fresh script, and so for a fresh token.
restart_host() {
    say 'Rebooting in 10 s'
    sleep 10
    reboot -f
    sleep 60
}

# retry, shell or reboot (`rd.shell` is dracut's word for the second); the last word wins, anything else is ignored.
failure_policy() {
    failure_choice=retry
    for failure_word in $(kernel_arguments); do
        case $failure_word in
        rd.shell) failure_choice=shell ;;
        bivouac.on_failure=retry | bivouac.on_failure=shell | bivouac.on_failure=reboot)
            failure_choice=${failure_word#bivouac.on_failure=}
            ;;
        esac
    done
    printf '%s' "$failure_choice"
}
