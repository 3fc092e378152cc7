import type { Cpu } from '../core/arch.ts';
import type {
  DiskKind,
  ImageHooks,
  ImageName,
  OutputFileDefinition,
  OutputKind,
  RootSource,
  TarCompression,
} from '../core/image.ts';
import type { ContentId } from '../ports/build-cache.ts';
import type { StageEnvironment } from '../ports/container-engine.ts';
import type { TrustedKey } from '../ports/signer.ts';
import type { CleanName } from './clean-operations.ts';
import type { DiskCpu } from './disk/platform.ts';

/** Every action a build can take, with its arguments. A new row that nobody can run does not compile. */
export interface StepArgs {
  /** The first layer; `digest` is what its source is pinned to, unless it is a suite. */
  readonly bootstrap: { readonly source: RootSource; readonly digest?: string; readonly architecture: Cpu };
  /** A script run as root inside the container; `path` is absolute. */
  readonly 'run-script': { readonly path: string; readonly environment: StageEnvironment };
  /** Instructions of a Containerfile; `path` is what `fragmentInput` gives. */
  readonly 'run-containerfile': { readonly path: string; readonly environment: StageEnvironment };
  /** `build.sh` of a repository; `path` is what `recipeInput` gives. */
  readonly 'run-recipe': { readonly path: string; readonly environment: StageEnvironment };
  /** A playbook run for a host that bears the image's name; `path` is what `playbookInput` gives. */
  readonly 'run-playbook': { readonly path: string; readonly environment: StageEnvironment };
  /** A folder copied over `/`; `path` is absolute. */
  readonly 'copy-files': { readonly path: string };
  /** Kernel and initramfs taken from the root; leaves no layer. */
  readonly 'make-initramfs': {
    readonly architecture: Cpu;
    readonly environment: StageEnvironment;
    /** What the initramfs believes a manifest by; without any it believes each. */
    readonly keys: readonly TrustedKey[];
  };
  /** Files taken from the root; leaves no layer. */
  readonly 'take-files': { readonly files: readonly OutputFileDefinition[] };
  /** The whole root as one squashfs, with the live initramfs that the image has packages for; leaves no layer. */
  readonly 'flatten-root': { readonly environment: StageEnvironment };
  /** The whole root as a tarball; leaves no layer. */
  readonly 'make-tar': { readonly compression: TarCompression };
  /** The layers as a container image; leaves no layer. */
  readonly 'make-oci': { readonly architecture: Cpu; readonly command: readonly string[] };
  /** What a root on a disk has besides: an initramfs for it, host keys made at the first boot, a root that grows. */
  readonly 'prepare-disk': { readonly environment: StageEnvironment };
  /** A script of ours that adds to the root what an output needs. */
  readonly 'extend-root': { readonly script: string; readonly environment: StageEnvironment };
  /** A bootable disk of a root that was prepared for it; leaves no layer. */
  readonly 'make-disk': DiskArgs;
}

/** What a bootable disk is made from besides its root. */
export interface DiskArgs {
  readonly kind: DiskKind;
  readonly cpu: DiskCpu;
  readonly cmdline: readonly string[];
  /** Bytes; as much as the root needs unless given. */
  readonly size?: number;
}

/** Name of an action. */
export type Action = keyof StepArgs;

/** An action with its own arguments. */
export type Work<A extends Action = Action> = {
  readonly [P in A]: { readonly action: P; readonly args: StepArgs[P] };
}[A];

/** One step, its place in the chain and the id of its result. */
export type Step<A extends Action = Action> = {
  readonly [P in A]: Work<P> & {
    readonly id: ContentId;
    /** The step whose layer this one works on; undefined for the first. */
    readonly parent: ContentId | undefined;
    readonly image: ImageName;
    /** Level of zstd for its layer, where the image has one of its own. */
    readonly squashLevel?: number;
    /** As in `images/config.yml`; `bootstrap`, `initramfs` and names of outputs for the steps not written there. */
    readonly stage: string;
    /** Operations of the cleaning that its image switches off, sorted; none unless given. */
    readonly keeps?: readonly CleanName[];
    /** What holds while a stage of an image runs. */
    readonly terms?: StageTerms;
    /** The output that the step is for; undefined for what all outputs are made from. */
    readonly output?: OutputKind;
  };
}[A];

/** Whether a step is a stage that an image's definition names. */
export function isStage(step: Pick<Step, 'action'>): boolean {
  return makesLayer(step) && step.action !== 'bootstrap';
}

/** What holds while a stage runs, beside what it does. */
export interface StageTerms {
  /** Milliseconds without progress, after which it is stopped; `IDLE_LIMIT` unless given. */
  readonly idleLimit?: number;
  /** None unless given. */
  readonly hooks?: ImageHooks & { readonly environment: StageEnvironment };
  /** Sorted by name; none unless given. */
  readonly secrets?: readonly SecretFile[];
}

/** Where a secret comes from. */
export interface SecretFile {
  /** The name of its file below `/run/secrets`. */
  readonly name: string;
  /** Absolute path on this machine. */
  readonly path: string;
}

/** Whether a step adds a layer that later steps work on. */
export function makesLayer(step: Pick<Step, 'action'>): boolean {
  return (
    step.action === 'bootstrap' ||
    step.action === 'run-script' ||
    step.action === 'run-containerfile' ||
    step.action === 'run-recipe' ||
    step.action === 'run-playbook' ||
    step.action === 'copy-files'
  );
}
