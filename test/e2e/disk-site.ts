import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildImage } from '../../src/build/build.ts';
import { type Digest, digestHex } from '../../src/core/artefact.ts';
import type { Release } from '../../src/core/release.ts';
import { realSite, treeOf } from '../build/site.ts';
import { imageName } from '../builders.ts';
import { ROOT } from './site.ts';

/** Data directory of these tests, kept between runs. */
const OUTPUT_DATA = join(ROOT, '.bivouac-test/outputs');

/** What a boot says on its console when it is through. */
export const READY = /OUTPUT-READY /;

const SYSTEM = `
apt-get update
apt-get install --yes --no-install-recommends systemd-sysv systemd-repart udev kmod dracut-core zstd "$BIVOUAC_KERNEL"
apt-get clean
find /var/lib/apt/lists -mindepth 1 -delete
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service
systemctl enable ready.service
`;

// What the flattened root is booted by, and what a cloud's disk would else fetch at its build.
const LIVE = `
apt-get update
apt-get install --yes --no-install-recommends dracut-live dracut-network curl isc-dhcp-client live-boot \\
    live-boot-initramfs-tools initramfs-tools wget openssh-server sudo cloud-init cloud-guest-utils dbus iproute2
apt-get clean
find /var/lib/apt/lists -mindepth 1 -delete
systemctl enable systemd-networkd.service
systemctl disable systemd-networkd-wait-online.service
`;

const READY_SERVICE = `[Unit]
After=local-fs.target systemd-machine-id-commit.service
[Service]
Type=oneshot
ExecStart=/usr/lib/ready
StandardOutput=tty
TTYPath=/dev/console
[Install]
WantedBy=multi-user.target
`;

const READY_PROGRAM = `#!/bin/sh
firmware=bios
[ ! -d /sys/firmware/efi ] || firmware=uefi
echo "OUTPUT-READY root=$(findmnt -no FSTYPE /) firmware=$firmware size=$(df -BM --output=size / | tail -1 | tr -d ' ') id=$(cat /etc/machine-id) writable=$(touch /written && echo yes)"
`;

const NETWORK = '[Match]\nName=en* eth*\n[Network]\nDHCP=ipv4\n';

/** A release of an image made to be booted, small: `disk`, or \`live\` above it with what the long tests need. */
export interface BootableRelease {
  readonly release: Release;
  /** Path of the artefact that a file of the release is. */
  path(name: string): string;
}

/** Build one of the two images with these outputs. */
export async function buildBootable(image: 'disk' | 'live', outputs: unknown): Promise<BootableRelease> {
  const images = join(OUTPUT_DATA, 'images');
  writeImages(images);
  const shape = { kernel: 'linux-image-cloud-amd64', cmdline: ['console=ttyS0,115200'] };
  const live = { stages: ['live.sh'], ...(image === 'live' ? { outputs } : {}) };
  const disk = { ...shape, stages: ['files', 'system.sh'], ...(image === 'disk' ? { outputs } : {}), live };
  const site = await realSite(join(OUTPUT_DATA, 'data'));
  try {
    const { release } = await buildImage(
      {
        image: imageName(image),
        images: treeOf({ trixie: { disk } }, images),
        log: (line) => console.log(line),
        signal: new AbortController().signal,
      },
      site,
    );
    return { release: release.release, path: (name) => artefactPath(digestOf(release.release, name)) };
  } finally {
    await site.close();
  }
}

function writeImages(images: string): void {
  const write = (path: string, text: string, mode = 0o644): void => {
    const file = join(images, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text, { mode });
  };
  write('system.sh', SYSTEM);
  write('live.sh', LIVE);
  write('files/etc/systemd/system/ready.service', READY_SERVICE);
  write('files/etc/systemd/network/80-dhcp.network', NETWORK);
  write('files/usr/lib/ready', READY_PROGRAM, 0o755);
}

function digestOf({ files }: Release, name: string): Digest {
  const file = files.find((each) => each.name === name);
  if (file === undefined) throw new Error(`The release has no file "${name}"`);
  return file.digest;
}

function artefactPath(digest: Digest): string {
  const hex = digestHex(digest);
  return join(OUTPUT_DATA, 'data/artefacts/sha256', hex.slice(0, 2), hex);
}
