import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ArchitecturesOutcome, buildArchitectures } from '../../src/build/build-architectures.ts';
import { plainKernel } from '../../src/build/plain-kernel.ts';
import { imageTree } from '../../src/build/tree.ts';
import { digestHex } from '../../src/core/artefact.ts';
import { published } from '../../src/core/catalogue.ts';
import { STABLE } from '../../src/core/image.ts';
import { imageName } from '../builders.ts';
import { describeWith } from '../requirements.ts';
import { BUILD_TOOLS } from './build-folder.ts';
import { kindOf, realSite } from './site.ts';

// Debian's own kernel package is unpacked, not installed: what is asked is the form of its kernel.
const STAGE = `
mkdir -p /srv
uname -m > /srv/machine
echo "$BIVOUAC_ARCH $BIVOUAC_KERNEL $(dpkg --print-architecture)" > /srv/arch
apt-get -qq update
cd /tmp
package=$(apt-cache depends "$BIVOUAC_KERNEL" | sed -n 's/.*Depends: \\(linux-image-[0-9]\\S*\\)/\\1/p' | head -n 1)
apt-get -qq download "$package"
dpkg-deb --fsys-tarfile linux-image-*.deb | tar -x --wildcards './boot/vmlinuz-*'
mv boot/vmlinuz-* /srv/vmlinuz
`;

describeWith(
  [...BUILD_TOOLS, 'qemu-aarch64-static', '/proc/sys/fs/binfmt_misc/qemu-aarch64'],
  'an image for two architectures',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bivouac-arm64-'));
    const [images, data] = [join(folder, 'images'), join(folder, 'data')];
    let outcome: ArchitecturesOutcome;
    let site: Awaited<ReturnType<typeof realSite>>;

    beforeAll(async () => {
      mkdirSync(join(images, 'files/etc'), { recursive: true });
      writeFileSync(join(images, 'files/etc/motd'), 'both\n');
      writeFileSync(join(images, 'stage.sh'), STAGE);
      const files = {
        machine: '/srv/machine',
        arch: '/srv/arch',
        motd: '/etc/motd',
        'debian-kernel': '/srv/vmlinuz',
      };
      const both = {
        stages: ['stage.sh', 'files'],
        kernel: { amd64: 'linux-image-amd64', arm64: 'linux-image-arm64' },
        outputs: { files },
      };
      const tree = imageTree(
        { trixie: { arch: ['amd64', 'arm64'], both } },
        { directory: images, architecture: 'amd64', stat: kindOf },
      );
      expect(tree.faults).toEqual([]);
      site = await realSite(data);
      const signal = new AbortController().signal;
      const request = { image: imageName('both'), images: tree.images, log: () => undefined, signal };
      outcome = await buildArchitectures(request, site);
    }, 1_200_000);

    afterAll(async () => {
      await site.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function fileOf(architecture: 'amd64' | 'arm64', name: string): Promise<Buffer> {
      const catalogue = await site.catalogue.current();
      const release = published(catalogue, {
        image: imageName('both'),
        channel: STABLE,
        architecture,
      })?.release;
      const file = release?.files.find((each) => each.name === name);
      const hex = file === undefined ? '' : digestHex(file.digest);
      return readFileSync(join(data, 'artefacts/sha256', hex.slice(0, 2), hex));
    }

    it('has a release for each, made by programs of that architecture', async () => {
      expect(
        outcome.architectures.map(({ architecture, published: isNew }) => [architecture, isNew]),
      ).toEqual([
        ['amd64', true],
        ['arm64', true],
      ]);
      expect((await fileOf('amd64', 'machine')).toString()).toBe('x86_64\n');
      expect((await fileOf('arm64', 'machine')).toString()).toBe('aarch64\n');
      expect((await fileOf('arm64', 'arch')).toString()).toBe('arm64 linux-image-arm64 arm64\n');
      expect((await fileOf('arm64', 'motd')).toString()).toBe('both\n');
    });

    it("has Debian's arm64 kernel in a form that boot loaders start", async () => {
      const plain = plainKernel(await fileOf('arm64', 'debian-kernel'), 'arm64');
      expect(plain.toString('latin1', 56, 60)).toBe('ARM\x64');
      expect(plain.length).toBeGreaterThan(20_000_000);
      expect(() => plainKernel(plain.subarray(100), 'arm64')).toThrow('no arm64 Image');
      const x86 = await fileOf('amd64', 'debian-kernel');
      expect(() => plainKernel(x86, 'arm64')).toThrow('no arm64 Image');
    });
  },
);
