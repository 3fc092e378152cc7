import type { Cpu } from './arch.ts';
import type { BuildTarget } from './build-target.ts';

declare const imageNameBrand: unique symbol;
declare const channelNameBrand: unique symbol;

/** Name of an image: lower-case letters, digits, `.`, `_`, `-`; starts with a letter or digit; at most 64. */
export type ImageName = string & { readonly [imageNameBrand]: true };

/** Name of a channel, same alphabet as an image's. */
export type ChannelName = string & { readonly [channelNameBrand]: true };

/** The channel that a host follows unless told otherwise. */
export const STABLE = 'stable' as ChannelName;

/** One stage of an image, by the form of its name in `images/config.yml`. Paths are absolute. */
export type StageDefinition =
  | { readonly kind: 'script'; readonly name: string; readonly path: string }
  | { readonly kind: 'files'; readonly name: string; readonly path: string }
  /** Its folder holds what it copies. */
  | { readonly kind: 'containerfile'; readonly name: string; readonly path: string }
  /** A repository with its own `build.sh`; the name says where, and of which commit. */
  | { readonly kind: 'recipe'; readonly name: string; readonly source: RecipeSource }
  | {
      readonly kind: 'playbook';
      readonly name: string;
      /** Relative to the folder of Ansible in the repository. */
      readonly playbook: string;
      /** In place of the image's branch, for this stage alone. */
      readonly branch?: string;
    };

/** Where a recipe is. */
export interface RecipeSource {
  /** An address that git knows. */
  readonly repository: string;
  /** A branch, a tag or a whole commit; undefined is what the repository itself has checked out. */
  readonly revision: string | undefined;
  /** Relative to the repository; undefined is all of it. */
  readonly folder: string | undefined;
}

/** Debian or Ubuntu, installed by mmdebstrap. */
export interface SuiteSource {
  readonly kind: 'suite';
  readonly suite: string;
  /** Packages that come with it, sorted. */
  readonly include?: readonly string[];
  /** Lines of sources.list(5) in place of the mirror that this machine uses, in their order. */
  readonly mirror?: readonly string[];
}

/** What the root of a release master is made from. */
export type RootSource =
  | SuiteSource
  /** An image of a registry, `docker://…`. */
  | { readonly kind: 'oci'; readonly reference: string }
  /** A folder of the OCI image layout; `path` is absolute. */
  | { readonly kind: 'oci-layout'; readonly path: string; readonly tag?: string }
  /** A file of this machine; `path` is absolute. */
  | { readonly kind: 'file'; readonly format: RootFormat; readonly path: string }
  /** A file of the web; `sums` is the address or absolute path of a list of SHA-512 sums. */
  | { readonly kind: 'download'; readonly format: RootFormat; readonly url: string; readonly sums: string };

/** What a file with a root is: a tar archive, a raw or qcow2 disk, or an ISO with a squashfs inside. */
export type RootFormat = 'tarball' | 'disk' | 'iso';

/** What a release of the image offers; all are made from the same layers. */
export type OutputDefinition =
  /** A root that hosts boot into over the network. */
  | { readonly kind: 'netboot' }
  /** Files copied out of the root (the NBPs). */
  | { readonly kind: 'files'; readonly files: readonly OutputFileDefinition[] }
  /** The root as one squashfs, for the stock initramfs of dracut-live and of live-boot. */
  | { readonly kind: 'squashfs' }
  | { readonly kind: 'tar'; readonly compression: TarCompression }
  | OciOutput
  | DiskOutput;

/** How a root tarball is compressed. */
export type TarCompression = 'none' | 'gzip' | 'xz' | 'zstd';

/** A container image: an OCI layout in a tar file. */
export interface OciOutput {
  readonly kind: 'oci';
  /** What a container of it runs unless told otherwise. */
  readonly command: readonly string[];
  readonly push?: OciPush;
}

/** Where a published container image is pushed to. */
export interface OciPush {
  /** `docker://HOST[:PORT]/PATH[:TAG]`. */
  readonly to: string;
  /** Absolute path of a file with credentials, as containers-auth.json(5) says. */
  readonly authFile?: string;
  readonly verifyTls: boolean;
}

/** A bootable disk: plain, as qcow2, for OpenStack with cloud-init, or a Vagrant box. */
export interface DiskOutput {
  readonly kind: DiskKind;
  /** Bytes of the disk, whole MiB; as much as the root needs unless given. */
  readonly size?: number;
}

/** The forms of a bootable disk. */
export type DiskKind = 'raw' | 'qcow2' | 'openstack' | 'vagrant';

/** The name of an output in `outputs`. */
export type OutputKind = OutputDefinition['kind'];

/** A file taken out of the built root and published under `name`. */
export interface OutputFileDefinition {
  readonly name: string;
  /** Absolute path inside the root. */
  readonly path: string;
}

/** What a scheduled build makes. */
export interface ScheduleOptions {
  readonly target: BuildTarget;
  readonly buildParents: number | 'all';
}

/** What holds for all images: `configuration` in `images/config.yml`. */
export interface ImageSettings {
  /** Names of stages, exactly as they are written, that are left out of conffs. */
  readonly ignoreStageInConffs: readonly string[];
  /** Stages that conffs begin with. */
  readonly alwaysApplyStageInConffs: readonly StageDefinition[];
  /** Images that are built and never published for hosts. */
  readonly neverUpload: readonly ImageName[];
}

/** When a hook is run. */
export type HookTime = 'before' | 'after';

/** All of them. */
export const HOOK_TIMES: readonly HookTime[] = ['before', 'after'];

/** A script that is run around each stage. */
export interface HookFile {
  /** As it is written in `images/config.yml`. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
}

/** The hooks of an image. */
export type ImageHooks = Readonly<Partial<Record<HookTime, HookFile>>>;

/** A file of this machine that stages see below `/run/secrets` while they run. */
export interface ImageSecret {
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  /** Names of the stages that see it; all of the image unless given. */
  readonly stages?: readonly string[];
}

/** One image of the tree in `images/config.yml`, with what it inherits already filled in. */
export interface ImageDefinition {
  readonly name: ImageName;
  /** Undefined for a release master, whose root is made from `source`. */
  readonly parent?: ImageName;
  /** Where the root of the top-level ancestor comes from. */
  readonly source: RootSource;
  /** What a build makes unless another of `architectures` is asked for. */
  readonly architecture: Cpu;
  /** What the image can be built for: the parent's unless it says less. */
  readonly architectures: readonly [Cpu, ...Cpu[]];
  /**
   * Own stages only, in order; the parent's come before them. Those of a release master are stages of conffs only: its
   * root is what `source` gives.
   */
  readonly stages: readonly StageDefinition[];
  /**
   * Kernel package. The image that sets it installs it (its scripts see `BIVOUAC_KERNEL`), and its kernel and
   * initramfs are taken after its last stage; images below it inherit both.
   */
  readonly kernel?: string;
  /** By architecture, where `kernel` is not the same for all; `kernel` is that of `architecture`. */
  readonly kernels?: Partial<Record<Cpu, string>>;
  /** Kernel arguments: the parent's, then its own. */
  readonly cmdline: readonly string[];
  /** At least one, each kind once. */
  readonly outputs: readonly [OutputDefinition, ...OutputDefinition[]];
  /** Pattern of the hosts that conffs are built for; its own, never its parent's. */
  readonly conffs?: string;
  /** Branch of the playbooks; its own, never its parent's. */
  readonly branch?: string;
  /** Five fields of cron. */
  readonly schedule?: string;
  readonly scheduleOptions?: ScheduleOptions;
  /** Absolute paths inside the root that keep their content over reboots: the parent's, then its own. */
  readonly persist: readonly string[];
  /** Level of zstd for its layers, 1 to 22; the parent's unless it has its own. */
  readonly squashLevel?: number;
  /** Operations of the cleaning before a commit, each on or off; those not named are at their defaults. */
  readonly clean: Readonly<Record<string, boolean>>;
  /** Milliseconds that a stage may make no progress; the parent's unless it has its own. */
  readonly timeLimit?: number;
  /** Run in the container around each stage; the parent's unless it has its own. */
  readonly hooks?: ImageHooks;
  /** Its own, never its parent's. */
  readonly secrets?: readonly ImageSecret[];
  /** Kernel modules that its releases must have: the parent's, then its own. */
  readonly drivers: readonly string[];
  /** Rules of the lint that it is published in spite of, sorted: the parent's, then its own. */
  readonly waives?: readonly string[];
}

/** Whether hosts boot into releases of the image. */
export function isBootable({ outputs }: Pick<ImageDefinition, 'outputs'>): boolean {
  return outputs.some((output) => output.kind === 'netboot');
}

/** Parse an image name; undefined when it has another form. */
export function parseImageName(text: string): ImageName | undefined {
  return isName(text) ? (text as ImageName) : undefined;
}

/** Parse a channel name; undefined when it has another form. */
export function parseChannelName(text: string): ChannelName | undefined {
  return isName(text) ? (text as ChannelName) : undefined;
}

function isName(text: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{0,63}$/.test(text);
}
