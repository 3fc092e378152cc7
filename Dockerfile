# Bivouac in a container: serves (DHCP, TFTP, HTTP) and builds.
#
#   docker build --tag bivouac .                                   (or podman, or buildah)
#   docker run --network host --privileged --volume /srv/site:/site --volume /var/lib/bivouac:/var/lib/bivouac \
#     bivouac serve --config /site/bivouac.yml
#
# Host network: DHCP is broadcast. Privileged: builds mount overlays; serving alone needs CAP_NET_BIND_SERVICE only.
# The base may be any Debian 12 or later under any name.
ARG BASE=debian:13

FROM ${BASE} AS build
WORKDIR /opt/bivouac
# Any npm will do: it brings the Node.js that this project runs on, pinned by the lock file.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates npm
COPY package.json package-lock.json .npmrc ./
COPY scripts scripts
# Empty: what npm is set up for.
ARG NPM_REGISTRY=
RUN if [ -n "$NPM_REGISTRY" ]; then export npm_config_registry="$NPM_REGISTRY"; fi; \
    scripts/setup serve --npm-only
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN PATH="$PWD/node_modules/.bin:$PATH" && tsc -p tsconfig.build.json && cp -R src/adapters/ansible/plugins dist/adapters/ansible/ && chmod 0755 dist/main.js \
 && install -D -m 0755 node_modules/node/bin/node /out/usr/local/bin/node \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && install -d /out/opt/bivouac \
 && cp -a package.json dist node_modules /out/opt/bivouac/ \
 && ln -s /opt/bivouac/dist/main.js /out/usr/local/bin/bivouac

FROM ${BASE}
COPY scripts/setup scripts/packages.txt /opt/bivouac/scripts/
RUN apt-get update && /opt/bivouac/scripts/setup serve --apt-only && rm -rf /var/lib/apt/lists/*
COPY --from=build /out /
COPY boot /opt/bivouac/boot
COPY images /opt/bivouac/images
COPY hosts /opt/bivouac/hosts
COPY deploy /opt/bivouac/deploy
COPY LICENSE /opt/bivouac/LICENSE
ENV BIVOUAC_DATA=/var/lib/bivouac NODE_ENV=production
VOLUME /var/lib/bivouac
WORKDIR /opt/bivouac
ENTRYPOINT ["bivouac"]
CMD ["serve"]
