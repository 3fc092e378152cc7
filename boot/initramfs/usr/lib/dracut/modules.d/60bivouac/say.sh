# shellcheck shell=sh
# What a person at the console sees, and what the journal keeps.

# The text on every console that the kernel uses, and at debug level in the kernel log: there `quiet` and the
# default console level hide it, the journal of the booted root keeps it.
say() {
    read -r say_consoles <"${CONSOLES_FILE:-/sys/class/tty/console/active}"
    for say_console in $say_consoles; do
        printf 'bivouac: %s\r\n' "$1" >"/dev/$say_console" 2>/dev/null
    done
    printf '<7>bivouac: %s\n' "$1" >"${KMSG_FILE:-/dev/kmsg}" 2>/dev/null || :
}

# The kernel command line, for `for word in $(kernel_arguments)`.
kernel_arguments() {
    read -r say_arguments <"${CMDLINE_FILE:-/proc/cmdline}"
    printf '%s' "$say_arguments"
}

# Seconds since the kernel started, with two decimals.
uptime_now() {
    read -r uptime_value _ </proc/uptime
    printf '%s' "$uptime_value"
}

# Printable ASCII only, at most 300 characters: text from the network may end up in a terminal.
printable() {
    printf '%s' "$1" | tr '\n\t' '  ' | tr -cd ' -~' | cut -c 1-300
}

# Whole MiB of a number of bytes, rounded up.
mebibytes() {
    printf '%s' "$((($1 + 1048575) / 1048576))"
}
