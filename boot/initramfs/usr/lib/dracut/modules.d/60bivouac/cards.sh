# shellcheck shell=sh
# Drivers for what the kernel found, and the network card among it.

# What no device asks for: without udev nothing creates the control node of the loop driver on demand either.
load_filesystems() {
    modprobe -q -a loop squashfs overlay
}

# Loads the driver of every device there is. Run again while waiting: a driver may bring up a bus with more devices.
load_drivers() {
    find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u | xargs -r modprobe -q -a 2>/dev/null || :
}

# The interface with this MAC; without a MAC the first with a link, else the first. Only real cards have a `device`.
find_card() {
    cards_first=''
    for cards_path in /sys/class/net/*; do
        [ -e "$cards_path/device" ] || continue
        cards_name=${cards_path##*/}
        if [ -n "$1" ]; then
            [ "$(cat "$cards_path/address")" = "$1" ] && printf '%s' "$cards_name" && return 0
            continue
        fi
        cards_first=${cards_first:-$cards_name}
        ip link set "$cards_name" up
        [ "$(cat "$cards_path/carrier" 2>/dev/null)" = 1 ] && printf '%s' "$cards_name" && return 0
    done
    [ -n "$cards_first" ] && printf '%s' "$cards_first"
}

# wait_for_card MAC SECONDS: prints the interface's name.
wait_for_card() {
    cards_waited=0
    load_drivers
    while ! find_card "$1"; do
        [ "$cards_waited" -ge "$2" ] && return 1
        cards_waited=$((cards_waited + 1))
        sleep 1
        load_drivers
    done
}

# wait_for_link INTERFACE SECONDS: a switch port may take half a minute to forward.
wait_for_link() {
    cards_waited=0
    while [ "$(cat "/sys/class/net/$1/carrier" 2>/dev/null)" != 1 ]; do
        [ "$cards_waited" -ge "$(($2 * 5))" ] && return 1
        cards_waited=$((cards_waited + 1))
        sleep 0.2
    done
}
