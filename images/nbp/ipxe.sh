#!/bin/sh -eu
# The network boot programs: Debian 13's iPXE. Nothing of this image runs on a host; its outputs are served by TFTP and HTTP.

apt-get update
apt-get install --yes --no-install-recommends ipxe
