# shellcheck shell=sh
# shellcheck disable=SC2034 # parts share variables
# The card that the firmware booted from, and an address for it.

CARD_SECONDS=60
LINK_SECONDS=30

# Sets CARD and ADDRESS, and AWAY to 1 when there is no network. A lease is taken anew on each attempt, since it may have run out.
start_network() {
    AWAY=1
    network_mac=$(boot_mac)
    CARD=$(wait_for_card "$network_mac" "$CARD_SECONDS") || {
        fail network "No network card${network_mac:+ with address $network_mac} appeared in $CARD_SECONDS s"
        return 1
    }
    ip link set "$CARD" up
    wait_for_link "$CARD" "$LINK_SECONDS" || {
        fail network "No link on $CARD after $LINK_SECONDS s"
        return 1
    }
    # Vendor class: lets the server tell the initramfs from the booted system. Client id is udhcpc's own: type 1, MAC.
    if ! udhcpc -f -n -q -i "$CARD" -V bivouac -t 8 -T 2 -A 2 -O mtu -O staticroutes \
        -s "$BIVOUAC/udhcpc.sh" >"$RUN/udhcpc.log" 2>&1; then
        fail network "No answer to DHCP on $CARD"
        return 1
    fi
    AWAY=0
    ADDRESS=$(ip -4 -o addr show dev "$CARD" | awk '{ print $4; exit }')
}

# The MAC in BOOTIF=01-52-54-00-…, with colons; nothing when the command line has none. iPXE and PXELINUX use this form:
# hardware type, then the address.
boot_mac() {
    for network_word in $(kernel_arguments); do
        case $network_word in
        BOOTIF=01-??-??-??-??-??-??) printf '%s' "${network_word#BOOTIF=01-}" | tr 'A-F-' 'a-f:' ;;
        esac
    done
}
