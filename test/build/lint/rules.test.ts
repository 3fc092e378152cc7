import { describe, expect, it } from 'vitest';
import {
  type BootFacts,
  type ImageFacts,
  LINT_RULES,
  type LintRule,
  lint,
} from '../../../src/build/lint/rules.ts';

const VERSION = '6.12.1';
const NAMES = [
  'init',
  'usr/lib/bivouac/boot.sh',
  ...['fs/squashfs/squashfs', 'drivers/block/loop', 'drivers/net/e1000e'].map(
    (name) => `usr/lib/modules/${VERSION}/kernel/${name}.ko.xz`,
  ),
];

const BOOT: BootFacts = {
  kernelVersion: VERSION,
  format: 'x86',
  kernels: [VERSION],
  modules: [VERSION],
  rootDrivers: new Set(['squashfs', 'loop', 'e1000e', 'virtio_net']),
  builtin: new Set(['overlay']),
  initramfs: { kind: 'names', names: NAMES },
};
const GOOD: ImageFacts = {
  architecture: 'amd64',
  boot: BOOT,
  init: 'amd64',
  dpkg: 'amd64',
  exposed: [],
  drivers: ['e1000e', 'overlay'],
};

function boot(facts: Partial<BootFacts>): Partial<ImageFacts> {
  return { boot: { ...BOOT, ...facts } };
}

/** Facts that differ from good ones, the rule they break, and how often. */
const BROKEN: readonly [string, Partial<ImageFacts>, LintRule, number][] = [
  ['packages of another architecture', { dpkg: 'arm64' }, 'architecture', 1],
  ['an init of another architecture', { init: 'arm64' }, 'architecture', 1],
  ['no init', { init: undefined }, 'init', 1],
  ['a kernel of another architecture', boot({ format: 'arm64' }), 'kernel-format', 1],
  ['modules of another kernel', boot({ modules: ['6.1.0', VERSION] }), 'kernel-version', 1],
  ['another kernel', boot({ kernels: ['6.1.0', VERSION] }), 'kernel-version', 1],
  ['no modules', boot({ modules: [] }), 'kernel-version', 1],
  [
    'an initramfs of another kind',
    { ...boot({ initramfs: { kind: 'names', names: ['init', ...NAMES.slice(2)] } }) },
    'live-module',
    1,
  ],
  [
    'an initramfs without overlay',
    boot({ builtin: new Set(), rootDrivers: new Set(['overlay', 'e1000e']) }),
    'live-module',
    1,
  ],
  [
    'an initramfs that cannot be read',
    { ...boot({ initramfs: { kind: 'unreadable', reason: 'xz' } }), drivers: [] },
    'live-module',
    1,
  ],
  ['a driver that is nowhere', { drivers: ['mlx5_core'] }, 'driver', 2],
  ['a driver that is in the root only', { drivers: ['virtio-net'] }, 'driver', 1],
  ['a private key', { exposed: [{ kind: 'private-key', path: '/etc/key.pem' }] }, 'secrets', 1],
  ['a host key', { exposed: [{ kind: 'ssh-host-key', path: '/etc/ssh/ssh_host_rsa_key' }] }, 'secrets', 1],
  [
    'a key of the builder',
    { exposed: [{ kind: 'builder-key', path: '/root/.ssh/authorized_keys' }] },
    'secrets',
    1,
  ],
  ['a machine id', { exposed: [{ kind: 'machine-id', path: '/etc/machine-id' }] }, 'identity', 1],
];

describe('lint', () => {
  it('has nothing against what is right', () => {
    expect(lint(GOOD)).toEqual([]);
    expect(lint({ ...GOOD, init: 'script', dpkg: undefined })).toEqual([]);
    const arm = { ...GOOD, architecture: 'arm64', init: 'arm64', dpkg: 'arm64' } as const;
    expect(lint({ ...arm, boot: { ...BOOT, format: 'arm64' } })).toEqual([]);
    expect(lint({ ...GOOD, boot: undefined, init: undefined, drivers: [] })).toEqual([]);
  });

  it.each(BROKEN)('refuses %s', (_what, facts, rule, count) => {
    const findings = lint({ ...GOOD, ...facts });
    const expected = rule === 'driver' && facts.drivers?.[0] === 'overlay' ? [] : findings;
    expect(expected.filter((finding) => finding.rule === rule)).toHaveLength(count);
    for (const { remedy, message } of findings)
      expect([remedy, message].every((text) => text.length > 10)).toBe(true);
  });

  it('refuses a compressed kernel on arm64 for what it is', () => {
    const facts = { ...GOOD, architecture: 'arm64', init: 'arm64', dpkg: 'arm64' } as const;
    const [finding] = lint({ ...facts, boot: { ...BOOT, format: 'compressed' } });
    expect(finding?.message).toContain('compressed');
  });

  it('names the stage that an image without our module lacks', () => {
    const facts = { ...GOOD, boot: { ...BOOT, initramfs: { kind: 'names', names: ['init'] } } } as const;
    const missing = lint(facts).find(({ message }) => message.includes('boot.sh'));
    expect(missing?.remedy).toContain('"boot/initramfs"');
  });

  it('has a broken case for each rule', () => {
    expect(new Set(BROKEN.map(([, , rule]) => rule))).toEqual(new Set(LINT_RULES));
  });
});
