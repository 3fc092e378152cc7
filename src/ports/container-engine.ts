import type { Cpu } from '../core/arch.ts';
import type { BuildId } from '../core/job.ts';
import type { Secret } from '../core/secret.ts';

declare const containerImageBrand: unique symbol;

/** Id of a committed image in the engine's store. */
export type ContainerImageId = string & { readonly [containerImageBrand]: true };

/** What a stage script sees. Values never hold secrets: they are part of the content id. */
export type StageEnvironment = Readonly<Record<string, string>>;

/** Receives a build's output line by line. */
export type LineSink = (line: string) => void;

/** An image that others made. */
export interface ForeignImage {
  /** As skopeo takes it: `docker://…@sha256:…`, or `oci:FOLDER:TAG`. */
  readonly reference: string;
  readonly architecture: Cpu;
}

/** How to pull. */
export interface PullOptions {
  readonly log: LineSink;
  readonly signal: AbortSignal;
}

/** What to run in a container, and where its output goes. */
export interface ContainerRun {
  /** Program and arguments; never a shell string. */
  readonly argv: readonly [string, ...string[]];
  readonly environment: StageEnvironment;
  /** Absolute, inside the root; `/` unless given. */
  readonly directory?: string;
  /** `USER[:GROUP]`, names or numbers; root unless given. */
  readonly user?: string;
  readonly log: LineSink;
  readonly signal?: AbortSignal;
  /** Milliseconds that it may do nothing; for ever unless given. */
  readonly idleLimit?: number;
  /** Mounted at `/run/secrets`, for root to read, as long as it runs. */
  readonly secrets?: readonly Secret[];
}

/** A container being changed. `discard` must be called in the end, also after `commit`. */
export interface WorkingContainer {
  /** Host path of the mounted root. */
  readonly root: string;
  /** Host directory with what was changed so far, as an overlayfs upper directory. */
  readonly changes: string;
  run(command: ContainerRun): Promise<void>;
  /** One new layer above the image it was made from; durable when it resolves. */
  commit(name: string): Promise<ContainerImageId>;
  discard(): Promise<void>;
}

/** Makes layers: buildah with storage of our own. */
export interface ContainerEngine {
  /** False when the image is gone from the engine's store. */
  exists(image: ContainerImageId): Promise<boolean>;
  /** A container above an image, or an empty one. */
  create(from: ContainerImageId | 'scratch'): Promise<WorkingContainer>;
  /** Bring an image of others into the store; rejects when it is not for that architecture or the machine's policy forbids it. */
  pull(image: ForeignImage, options: PullOptions): Promise<ContainerImageId>;
  /** Host directory with the files of the image's top layer only: an overlayfs lower directory. */
  topLayer(image: ContainerImageId): Promise<string>;
  /** As `topLayer`, for all layers of the image, base first. */
  layers(image: ContainerImageId): Promise<readonly string[]>;
  /** The same engine; the containers it makes belong to this build. */
  ownedBy(build: BuildId): ContainerEngine;
  /** The builds that have containers here, whether they live or not. */
  owners(): Promise<readonly BuildId[]>;
  /** Remove containers and mounts of a build that is over, and end what runs in them; never those of other programs. */
  cleanUp(build: BuildId): Promise<void>;
}
