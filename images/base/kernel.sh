#!/bin/sh -eu
# The kernel of $BIVOUAC_KERNEL, without the modules that a server booted from the network can do without: hosts keep
# their root in RAM. To keep a group, take its line out of the list; see docs/live-root.md for what each one costs.

apt-get update
apt-get install --yes --no-install-recommends "$BIVOUAC_KERNEL"

for kernel in /usr/lib/modules/*; do
    version=${kernel##*/}
    for group in \
        sound \
        drivers/bluetooth net/bluetooth \
        drivers/gpu/drm/amd drivers/gpu/drm/i915 drivers/gpu/drm/nouveau drivers/gpu/drm/radeon drivers/gpu/drm/xe \
        drivers/iio \
        drivers/media \
        drivers/net/wireless net/mac80211 net/wireless drivers/net/wwan \
        drivers/isdn drivers/staging drivers/pcmcia drivers/parport drivers/input/joystick drivers/input/touchscreen \
        drivers/comedi drivers/accel drivers/usb/gadget net/nfc drivers/nfc net/ax25 drivers/net/hamradio; do
        rm -rf "$kernel/kernel/$group"
    done
    depmod "$version"
done

/usr/lib/bivouac/clean-layer
