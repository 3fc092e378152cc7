#!/bin/sh -eu
# A web server; each host's page comes with its conffs.

apt-get update
apt-get install --yes --no-install-recommends nginx-light

/usr/lib/bivouac/clean-layer
