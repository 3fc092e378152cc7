import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, it } from 'vitest';
import { commandRunner } from '../../../src/adapters/command.ts';
import { FsArtefactStore } from '../../../src/adapters/fs-artefact-store.ts';
import { exposedIn } from '../../../src/build/lint/exposed.ts';
import { type Judged, lintRoot, requireClean } from '../../../src/build/lint/require-clean.ts';
import { LINT_RULES, type LintRule } from '../../../src/build/lint/rules.ts';
import type { ImageDefinition } from '../../../src/core/image.ts';
import type { StepResult } from '../../../src/ports/build-cache.ts';
import type { WorkingContainer } from '../../../src/ports/container-engine.ts';
import { anImage } from '../../builders.ts';
import { containerImageId } from '../../fakes/container-engine.ts';
import { describeWith } from '../../requirements.ts';
import { temporaryFolder } from '../../temporary.ts';

const VERSION = '6.12.1-amd64';
const MODULES = `lib/modules/${VERSION}`;
const DRIVERS = ['overlay', 'squashfs', 'loop', 'e1000e'].map((name) => `kernel/${name}.ko.xz`);

/** What is judged: a root, and the files that an initramfs is packed from, beside a kernel. */
interface Site {
  readonly root: string;
  readonly packed: string;
  readonly image: Partial<ImageDefinition>;
  readonly kernel: Buffer;
}

function write(folder: string, path: string, content: string | Buffer = ''): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

function kernelOf(at: number, magic: string): Buffer {
  const kernel = Buffer.alloc(1024);
  kernel.write(magic, at, 'latin1');
  return kernel;
}

/** A small root that boots: an init, one kernel with its modules, an initramfs with our module and the drivers. */
function goodSite(folder: string): Site {
  const [root, packed] = [join(folder, 'root'), join(folder, 'packed')];
  cpSync('/bin/busybox', join(root, 'usr/sbin/init'), { recursive: true });
  for (const name of ['sbin', 'lib']) {
    mkdirSync(join(root, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(root, name));
  }
  const cpu = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? 'amd64';
  write(root, 'var/lib/dpkg/status', `Package: dpkg\nStatus: install ok installed\nArchitecture: ${cpu}\n\n`);
  write(root, `boot/vmlinuz-${VERSION}`, 'kernel');
  write(root, `${MODULES}/modules.dep`, DRIVERS.map((name) => `${name}:\n`).join(''));
  write(root, `${MODULES}/modules.builtin`, 'kernel/ext4.ko\n');
  write(root, 'etc/machine-id');
  for (const file of ['init', 'usr/lib/bivouac/boot.sh']) write(packed, file, 'x');
  for (const driver of DRIVERS) write(packed, `usr/${MODULES}/${driver}`, 'x');
  const architecture = cpu === 'arm64' ? 'arm64' : 'amd64';
  const kernel = cpu === 'arm64' ? kernelOf(56, 'ARMd') : kernelOf(0x202, 'HdrS');
  return { root, packed, kernel, image: { architecture, drivers: ['e1000e', 'ext4'] } };
}

/** One fault put into a good root, and what is said of it; what else it changes it returns. */
const BROKEN: readonly (readonly [LintRule, RegExp, (site: Site) => unknown])[] = [
  [
    'architecture',
    /package database is for riscv64/,
    ({ root }) => {
      write(root, 'var/lib/dpkg/status', 'Package: dpkg\nArchitecture: riscv64\n\n');
    },
  ],
  [
    'architecture',
    /init" is for riscv64/,
    ({ root }) => {
      const head = Buffer.from('\x7fELF\x02\x01\x01'.padEnd(64, '\0'), 'latin1');
      head.writeUInt16LE(243, 18);
      write(root, 'usr/sbin/init', head);
    },
  ],
  [
    'init',
    /no "\/sbin\/init"/,
    ({ root }) => {
      rmSync(join(root, 'usr/sbin/init'));
    },
  ],
  ['kernel-format', /no kernel for/, () => ({ kernel: Buffer.from('MZ') })],
  [
    'kernel-version',
    /modules of 6\.1\.0, while/,
    ({ root }) => {
      write(root, 'lib/modules/6.1.0/modules.dep');
    },
  ],
  [
    'kernel-version',
    /a kernel of 6\.1\.0, while/,
    ({ root }) => {
      write(root, 'boot/vmlinuz-6.1.0');
    },
  ],
  [
    'kernel-version',
    /no modules of 6\.12\.1/,
    ({ root }) => {
      rmSync(join(root, MODULES), { recursive: true });
    },
  ],
  [
    'live-module',
    /no "\/usr\/lib\/bivouac\/boot\.sh"/,
    ({ packed }) => {
      rmSync(join(packed, 'usr/lib/bivouac/boot.sh'));
    },
  ],
  [
    'live-module',
    /no driver "overlay"/,
    ({ packed }) => {
      rmSync(join(packed, `usr/${MODULES}/kernel/overlay.ko.xz`));
    },
  ],
  [
    'driver',
    /"mlx5_core" is not in the root/,
    ({ image }) => ({ image: { ...image, drivers: ['mlx5_core'] } }),
  ],
  [
    'driver',
    /"e1000e" is not in the initramfs/,
    ({ packed }) => {
      rmSync(join(packed, `usr/${MODULES}/kernel/e1000e.ko.xz`));
    },
  ],
  [
    'secrets',
    /Private key "\/srv\/key\.pem"/,
    ({ root }) => {
      write(root, 'srv/key.pem', '-----BEGIN RSA PRIVATE KEY-----\n');
    },
  ],
  [
    'secrets',
    /SSH host key "\/etc\/ssh\/ssh_host_rsa_key"/,
    ({ root }) => {
      write(root, 'etc/ssh/ssh_host_rsa_key', '-----BEGIN OPENSSH PRIVATE KEY-----\n');
    },
  ],
  [
    'identity',
    /"\/etc\/machine-id" holds/,
    ({ root }) => {
      write(root, 'etc/machine-id', `${'0123456789abcdef'.repeat(2)}\n`);
    },
  ],
];

describeWith(['busybox', '/bin/busybox'], 'the lint, on small roots', () => {
  let artefacts: FsArtefactStore;

  beforeAll(async () => {
    artefacts = await FsArtefactStore.open(join(temporaryFolder(), 'artefacts'));
  });

  /** Judge a site as a build does before it publishes. */
  async function judged(site: Site): Promise<readonly Judged[]> {
    const input = execFileSync('find', ['.'], { cwd: site.packed });
    const archive = execFileSync('busybox', ['cpio', '-o', '-H', 'newc'], {
      ...{ cwd: site.packed, input, stdio: ['pipe', 'pipe', 'ignore'] },
    });
    const initramfs = await artefacts.putBytes(gzipSync(archive));
    const kernel = await artefacts.putBytes(site.kernel);
    const container = containerImageId('c');
    const exposed = await exposedIn(site.root, commandRunner);
    const layer = { digest: kernel.digest, size: 1 };
    const boot = { kernelVersion: VERSION, kernel, initramfs, parent: container };
    const results: readonly StepResult[] = [
      { kind: 'layer', container, layer, exposed },
      { kind: 'initramfs', ...boot },
    ];
    const target = anImage(site.image);
    const world = { artefacts, engine: { create: () => Promise.resolve(mounted(site.root)) } };
    const findings = await lintRoot({ target, results }, world);
    if (findings.length > 0)
      await expect(requireClean({ target, results }, { world, log: () => {} })).rejects.toThrow(
        'Cannot publish',
      );
    return findings;
  }

  it('has nothing against one that boots', async () => {
    expect(await judged(goodSite(temporaryFolder()))).toEqual([]);
  });

  it.each(BROKEN)('refuses by rule %s: %s', async (rule, message, spoil) => {
    const site = goodSite(temporaryFolder());
    const changed = spoil(site);
    const findings = await judged({ ...site, ...(typeof changed === 'object' ? changed : {}) });
    expect(findings.filter((one) => one.rule === rule && message.test(one.message))).toHaveLength(1);
  });

  it('has a root for each rule', () => {
    expect(new Set(BROKEN.map(([rule]) => rule))).toEqual(new Set(LINT_RULES));
  });
});

function mounted(root: string): WorkingContainer {
  const none = (): Promise<never> => Promise.reject(new Error('Only to be looked at'));
  return { root, changes: root, run: none, commit: none, discard: () => Promise.resolve() };
}
