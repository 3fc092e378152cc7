import type { Cpu } from '../../core/arch.ts';
import type { Exposure } from '../../core/exposure.ts';
import type { KernelFormat } from './binaries.ts';
import type { InitramfsReading } from './initramfs.ts';

/** What the rules look at: facts collected from the layers of a finished build. */
export interface ImageFacts {
  readonly architecture: Cpu;
  readonly boot: BootFacts | undefined;
  /** Machine of `/sbin/init`; `script` for one that is no ELF file; undefined when there is none. */
  readonly init: string | undefined;
  /** Architecture of the package `dpkg`; undefined in a root that has none. */
  readonly dpkg: string | undefined;
  /** Secrets and identities in layers. */
  readonly exposed: readonly Exposure[];
  /** Drivers that must be there. */
  readonly drivers: readonly string[];
}

/** Facts about what boots. */
export interface BootFacts {
  readonly kernelVersion: string;
  readonly format: KernelFormat;
  /** Versions of `/boot/vmlinuz-*` and of `/lib/modules/*` in the root. */
  readonly kernels: readonly string[];
  readonly modules: readonly string[];
  /** Names of modules of the release's kernel in the root, built-in ones too. */
  readonly rootDrivers: ReadonlySet<string>;
  readonly builtin: ReadonlySet<string>;
  readonly initramfs: InitramfsReading;
}

/** Names of the rules; an image waives them by these. */
export const LINT_RULES = [
  'architecture',
  'init',
  'kernel-format',
  'kernel-version',
  'live-module',
  'driver',
  'secrets',
  'identity',
] as const;

/** Name of a rule. */
export type LintRule = (typeof LINT_RULES)[number];

/** Whether a text names a rule. */
export function isLintRule(text: string): text is LintRule {
  return LINT_RULES.some((rule) => rule === text);
}

/** Why a release must not be published. */
export interface Finding {
  readonly rule: LintRule;
  readonly message: string;
  readonly remedy: string;
}

/** Files by which our dracut module is known, and the drivers that the live root is mounted with. */
const LIVE_FILES = ['init', 'usr/lib/bivouac/boot.sh'] as const;
const LIVE_DRIVERS = ['overlay', 'squashfs', 'loop'] as const;

const MODULE_REMEDY =
  'Take the folder "boot/initramfs" as a stage of the image that has the kernel, and leave its "dracutmodules" as they are';

/** All that speaks against publishing, in the order of the rules' names. */
export function lint(facts: ImageFacts): readonly Finding[] {
  const { boot } = facts;
  const findings = [
    ...architectureFindings(facts),
    ...(boot === undefined ? [] : bootFindings(boot, facts)),
    ...facts.exposed.map(exposureFinding),
  ];
  return findings.sort((a, b) => LINT_RULES.indexOf(a.rule) - LINT_RULES.indexOf(b.rule));
}

function architectureFindings({ architecture, init, dpkg, boot }: ImageFacts): readonly Finding[] {
  const remedy = 'Set "arch" of the image to what its root is made for';
  const wrong = (what: string, is: string): Finding => ({
    rule: 'architecture',
    message: `${what} is for ${is}, wanted ${architecture}`,
    remedy,
  });
  const isWrongInit = init !== undefined && init !== 'script' && init !== architecture;
  return [
    ...(dpkg === undefined || dpkg === architecture ? [] : [wrong('The package database', dpkg)]),
    ...(isWrongInit ? [wrong('"/sbin/init"', init)] : []),
    ...(init === undefined && boot !== undefined ? [NO_INIT] : []),
  ];
}

const NO_INIT: Finding = {
  rule: 'init',
  message: 'The root has no "/sbin/init"',
  remedy: 'Install "systemd-sysv", or another init, in a stage',
};

function bootFindings(boot: BootFacts, facts: ImageFacts): readonly Finding[] {
  return [
    ...formatFindings(boot, facts.architecture),
    ...versionFindings(boot),
    ...liveFindings(boot),
    ...facts.drivers.flatMap((driver) => driverFindings(driver, boot)),
  ];
}

function formatFindings({ format }: BootFacts, architecture: Cpu): readonly Finding[] {
  if (architecture === 'arm64' && format === 'compressed') {
    return [
      {
        rule: 'kernel-format',
        message: 'The kernel is compressed, which neither iPXE nor GRUB boots on arm64',
        remedy: 'Uncompress it in a stage: zcat of "/boot/vmlinuz-…"',
      },
    ];
  }
  const wanted = architecture === 'arm64' ? 'arm64' : 'x86';
  const isChecked = architecture === 'arm64' || architecture === 'amd64';
  if (!isChecked || format === wanted) return [];
  const message = `The kernel is no kernel for ${architecture}: its format is "${format}"`;
  return [{ rule: 'kernel-format', message, remedy: 'Set "kernel" to a package of that architecture' }];
}

function versionFindings({ kernelVersion, kernels, modules }: BootFacts): readonly Finding[] {
  const remedy = 'Remove all kernels but one, in the stage that installs it';
  const others = (what: string, versions: readonly string[]): readonly Finding[] =>
    versions
      .filter((version) => version !== kernelVersion)
      .map((version) => ({
        rule: 'kernel-version',
        message: `The root has ${what} of ${version}, while the release boots ${kernelVersion}`,
        remedy,
      }));
  const missing: readonly Finding[] = modules.includes(kernelVersion)
    ? []
    : [
        {
          rule: 'kernel-version',
          message: `The root has no modules of ${kernelVersion}, which the release boots`,
          remedy: 'Leave "/lib/modules" as the kernel\'s package made it',
        },
      ];
  return [...missing, ...others('modules', modules), ...others('a kernel', kernels)];
}

function liveFindings({ initramfs, builtin }: BootFacts): readonly Finding[] {
  const remedy = 'Keep "dracutmodules" and "compress" of the dracut configuration that Bivouac brings';
  const finding = (message: string, how = remedy): Finding => ({ rule: 'live-module', message, remedy: how });
  if (initramfs.kind === 'unreadable') return [finding(`The initramfs cannot be read: ${initramfs.reason}`)];
  const names = new Set(initramfs.names);
  const drivers = driversAmong(initramfs.names);
  return [
    ...LIVE_FILES.filter((file) => !names.has(file)).map((file) =>
      finding(`The initramfs has no "/${file}": it cannot boot the live root`, MODULE_REMEDY),
    ),
    ...LIVE_DRIVERS.filter((name) => !drivers.has(name) && !builtin.has(name)).map((name) =>
      finding(`The initramfs has no driver "${name}", which the live root is mounted with`),
    ),
  ];
}

function driverFindings(driver: string, { rootDrivers, builtin, initramfs }: BootFacts): readonly Finding[] {
  const name = driverName(driver);
  if (builtin.has(name)) return [];
  const finding = (where: string): Finding => ({
    rule: 'driver',
    message: `Driver "${driver}" is not in the ${where}`,
    remedy: 'Take a "kernel" package that has it, or remove it from "drivers"',
  });
  const isPacked = initramfs.kind === 'names' && driversAmong(initramfs.names).has(name);
  return [...(rootDrivers.has(name) ? [] : [finding('root')]), ...(isPacked ? [] : [finding('initramfs')])];
}

function exposureFinding({ kind, path }: Exposure): Finding {
  switch (kind) {
    case 'private-key':
      return secret(
        `Private key "${path}" is in a layer`,
        'Make it per host (conffs), or mount it as a secret',
      );
    case 'builder-key':
      return secret(`"${path}" lets in a key of the machine that built it`, 'Remove it in a stage');
    case 'ssh-host-key':
      return secret(`SSH host key "${path}" is in a layer`, 'Leave "clean: ssh-hostkeys" on');
    case 'machine-id':
      return {
        rule: 'identity',
        message: `"${path}" holds the id of one machine`,
        remedy: 'Leave "clean: machine-id" on',
      };
  }
}

function secret(message: string, remedy: string): Finding {
  return { rule: 'secrets', message, remedy };
}

/** Names of drivers among paths such as `usr/lib/modules/6.1/kernel/fs/loop.ko.xz`. */
export function driversAmong(paths: readonly string[]): ReadonlySet<string> {
  return new Set(
    paths.flatMap((path) => {
      const name = /([^/]+)\.ko(?:\.[a-z0-9]+)?$/.exec(path)?.[1];
      return name === undefined ? [] : [driverName(name)];
    }),
  );
}

/** The kernel takes `-` and `_` in names of modules for the same. */
function driverName(name: string): string {
  return name.replaceAll('-', '_');
}
