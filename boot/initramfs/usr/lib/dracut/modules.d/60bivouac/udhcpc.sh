#!/bin/sh
# Called by udhcpc with the lease in the environment (names are udhcpc's).
# shellcheck disable=SC2154
[ "$1" = bound ] || [ "$1" = renew ] || exit 0

ip -4 addr flush dev "$interface"
[ -n "${mtu:-}" ] && ip link set "$interface" mtu "$mtu"
ip addr add "$ip/${mask:-24}" dev "$interface"

# RFC 3442: with classless static routes the router option is to be ignored.
if [ -n "${staticroutes:-}" ]; then
    # shellcheck disable=SC2086
    set -- $staticroutes
    while [ "$#" -ge 2 ]; do
        ip route add "$1" via "$2" dev "$interface" onlink
        shift 2
    done
elif [ -n "${router:-}" ]; then
    # onlink: a /32 lease has its router outside the subnet.
    ip route add default via "${router%% *}" dev "$interface" onlink
fi

: >/etc/resolv.conf
for server in ${dns:-}; do
    printf 'nameserver %s\n' "$server" >>/etc/resolv.conf
done
