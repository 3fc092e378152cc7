import type { BuildTarget } from '../core/build-target.ts';
import { AppError } from '../core/errors.ts';
import {
  type ImageDefinition,
  type ImageName,
  type ImageSettings,
  isBootable,
  type StageDefinition,
} from '../core/image.ts';
import type { BuildRequest } from '../core/job.ts';
import { type ImageChain, imageChain, targetOf } from './selection.ts';

/** Where playbooks come from when neither the request nor the image names a branch. */
export const DEFAULT_BRANCH = 'master';

interface BuildBase {
  readonly image: ImageName;
  /** Branch of the playbooks; a stage of another branch says so itself. */
  readonly branch: string;
  /** Whether hosts may get what it makes. */
  readonly upload: boolean;
}

/** One of the builds that a request comes to. */
export type PlannedBuild =
  | (BuildBase & {
      /** The image's own stages upon its parent's root; a bootstrap for a release master, which has no `source`. */
      readonly kind: 'rootfs';
      readonly source?: ImageName;
      readonly stages: readonly StageDefinition[];
    })
  | (BuildBase & {
      /** A layer for each host of the pattern upon the image's root. */
      readonly kind: 'conffs';
      readonly source: ImageName;
      /** Host pattern. */
      readonly hosts: string;
      readonly stages: readonly StageDefinition[];
    })
  | (BuildBase & { readonly kind: 'initramfs' | 'kernel' });

/** The images and what holds for all of them. */
export interface BuildableTree {
  readonly images: readonly ImageDefinition[];
  readonly settings: ImageSettings;
  /** Branch of the playbooks where nothing else names one; `master` by default. */
  readonly branch?: string;
}

/** Which builds a target has of the image itself, in order. */
const BUILDS_OF: Readonly<Record<BuildTarget, readonly PlannedBuild['kind'][]>> = {
  rootfs: ['rootfs'],
  conffs: ['conffs'],
  initramfs: ['initramfs'],
  kernel: ['kernel'],
  all: ['rootfs', 'conffs', 'initramfs'],
  trueall: ['rootfs', 'conffs', 'initramfs', 'kernel'],
};

/**
 * The builds that a request comes to, in the order of execution: roots of parents, farthest first, then those of the
 * image itself. Fails with `not-found` when there is no such image.
 */
export function buildsOf(request: BuildRequest, tree: BuildableTree): readonly PlannedBuild[] {
  const chain = imageChain(tree.images, request.image);
  const kinds = BUILDS_OF[request.target];
  const context = { request, tree, chain };
  return [
    ...rootsBefore(request, chain).map((image) => rootBuild(image, context)),
    ...kinds.flatMap((kind) => ownBuild(kind, context)),
  ];
}

interface Context {
  readonly request: BuildRequest;
  readonly tree: BuildableTree;
  readonly chain: ImageChain;
}

/** Images whose roots are built first. A target without the image's own root counts that as the first of them. */
function rootsBefore({ target, buildParents }: BuildRequest, chain: ImageChain): readonly ImageDefinition[] {
  const candidates = BUILDS_OF[target].includes('rootfs') ? chain.slice(0, -1) : chain;
  if (buildParents === 'all') return candidates;
  return buildParents === 0 ? [] : candidates.slice(-buildParents);
}

function ownBuild(kind: PlannedBuild['kind'], context: Context): readonly PlannedBuild[] {
  const image = targetOf(context.chain);
  switch (kind) {
    case 'rootfs':
      return [rootBuild(image, context)];
    case 'conffs': {
      const hosts = context.request.conffs ?? image.conffs;
      if (hosts === undefined) return []; // an image without a pattern has no conffs to build
      const stages = conffsStages(context.chain, context.tree.settings);
      return [{ kind, ...baseOf(image, context), source: image.name, hosts, stages }];
    }
    case 'initramfs':
    case 'kernel':
      if (!isBootable(image)) return []; // its releases are files, which nobody boots
      return [{ kind, ...baseOf(image, context) }];
  }
}

function rootBuild(image: ImageDefinition, context: Context): PlannedBuild {
  const { parent } = image;
  const source = parent === undefined ? {} : { source: parent };
  return { kind: 'rootfs', ...baseOf(image, context), ...source, stages: rootStages(image) };
}

function baseOf(image: ImageDefinition, { request, tree }: Context): BuildBase {
  const branch = request.branch ?? image.branch ?? tree.branch ?? DEFAULT_BRANCH;
  return { image: image.name, branch, upload: isForHosts(image, tree.settings) };
}

/** The stages that an image's root is made by. Those of a release master are for conffs: its root is the bootstrap alone. */
export function rootStages(image: ImageDefinition): readonly StageDefinition[] {
  return image.parent === undefined ? [] : image.stages;
}

/** Whether what is built of an image is for hosts; release masters and `never_upload` are not. */
export function isForHosts(image: ImageDefinition, { neverUpload }: ImageSettings): boolean {
  return image.parent !== undefined && !neverUpload.includes(image.name);
}

/** The stages that make a host's layer: those always applied, then all of the chain, without every ignored one. */
export function conffsStages(chain: ImageChain, settings: ImageSettings): readonly StageDefinition[] {
  const ignored = new Set(settings.ignoreStageInConffs);
  return [...settings.alwaysApplyStageInConffs, ...chain.flatMap(({ stages }) => stages)].filter(
    ({ name }) => !ignored.has(name),
  );
}

/** Reject a request that comes to nothing. */
export function requireBuildable(builds: readonly PlannedBuild[], image: ImageName): void {
  if (builds.length === 0) {
    throw new AppError(
      'invalid-input',
      `Cannot build what is asked for of image "${image}": it has no pattern of hosts, or no root that hosts boot`,
      {
        remedy: 'Set "conffs" in its definition, or give a pattern with the request',
      },
    );
  }
}
