# shellcheck shell=sh
# For a person who looks for a fault: a trace of every command, and shells between the steps of a boot.

# argument NAME [DEFAULT]: the value of the last kernel argument NAME=VALUE. Only harmless characters are taken.
argument() {
    argument_value=${2:-}
    for argument_word in $(kernel_arguments); do
        case $argument_word in
        "$1"=*[!A-Za-z0-9_.,:/@+-]*) ;;
        "$1"=*) argument_value=${argument_word#*=} ;;
        esac
    done
    printf '%s' "$argument_value"
}

has_argument() {
    for argument_word in $(kernel_arguments); do
        [ "$argument_word" = "$1" ] && return 0
    done
    return 1
}

# `bivouac.debug`: what the shell does goes to the kernel log and the consoles. Begins after boot.env was read, so that
# the token is not in it.
begin_trace() {
    has_argument bivouac.debug || return 0
    # Else the kernel drops lines that come fast.
    echo on 2>/dev/null >"${PRINTK_FILE:-/proc/sys/kernel/printk_devkmsg}"
    if [ ! -p "$RUN/trace" ]; then
        mkfifo -m 0600 "$RUN/trace"
        (while IFS= read -r trace_line; do say "$trace_line"; done <"$RUN/trace") &
        exec 2>"$RUN/trace"
    fi
    PS4='+ '
    set -x
}

end_trace() {
    { set +x; } 2>/dev/null
}

# errors_of FILE: what a program said, without the trace that goes the same way.
errors_of() {
    printable "$(grep -v '^+' "$1" 2>/dev/null | head -c 300)"
}

# step NAME COMMAND...: with `bivouac.shell=before:NAME,after:NAME` a shell comes up there. Leaving it goes on.
step() {
    step_name=$1
    shift
    debug_shell "before:$step_name"
    "$@" || return 1
    debug_shell "after:$step_name"
}

debug_shell() {
    case ",$(argument bivouac.shell)," in
    *",$1,"*)
        say "A shell $1, as asked for; leave it to go on"
        setsid -c sh -i </dev/console >/dev/console 2>&1
        ;;
    esac
}
