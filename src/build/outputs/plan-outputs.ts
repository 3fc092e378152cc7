import { AppError } from '../../core/errors.ts';
import type { DiskOutput, ImageDefinition, OutputDefinition, OutputKind } from '../../core/image.ts';
import type { ContentId } from '../../ports/build-cache.ts';
import { diskCpu } from '../disk/platform.ts';
import { stageEnvironment } from '../environment.ts';
import type { Work } from '../step.ts';
import { ADD_CLOUD_INIT, ADD_VAGRANT_ACCOUNT } from './scripts.ts';

/** A step for one output. It works on `parent`, or on the last layer of the release. */
export interface SideStep {
  readonly output: OutputKind;
  readonly stage: string;
  readonly work: Work;
  readonly parent?: ContentId;
}

/** Adds a step and tells its id. */
export type AddSideStep = (step: SideStep) => ContentId;

/** What a kind of disk has besides the root that all disks have. */
const EXTENSIONS: Readonly<Record<DiskOutput['kind'], string | undefined>> = {
  raw: undefined,
  qcow2: undefined,
  openstack: ADD_CLOUD_INIT,
  vagrant: ADD_VAGRANT_ACCOUNT,
};

/** The steps of all outputs of an image but the netboot root, whose kernel and initramfs are made on the way. */
export function planOutputs(image: ImageDefinition, add: AddSideStep): void {
  let prepared: ContentId | undefined;
  for (const output of image.outputs) {
    if (isDisk(output)) prepared = planDisk(output, image, { add, prepared });
    else planFiles(output, image, add);
  }
}

function isDisk(output: OutputDefinition): output is DiskOutput {
  return output.kind in EXTENSIONS;
}

function planFiles(
  output: Exclude<OutputDefinition, DiskOutput>,
  image: ImageDefinition,
  add: AddSideStep,
): void {
  const { kind } = output;
  const step = (work: Work): ContentId => add({ output: kind, stage: kind, work });
  switch (output.kind) {
    case 'netboot':
      return;
    case 'files':
      step({ action: 'take-files', args: { files: output.files } });
      return;
    case 'squashfs':
      step({ action: 'flatten-root', args: { environment: stageEnvironment(image, kind) } });
      return;
    case 'tar':
      step({ action: 'make-tar', args: { compression: output.compression } });
      return;
    case 'oci': {
      // Where it is pushed to changes nothing of it.
      const { architecture } = image;
      step({ action: 'make-oci', args: { architecture, command: output.command } });
    }
  }
}

/** All disks share what is prepared for the first; what a kind has besides is a layer of its own on top. */
function planDisk(
  { kind, size }: DiskOutput,
  image: ImageDefinition,
  { add, prepared }: { readonly add: AddSideStep; readonly prepared: ContentId | undefined },
): ContentId {
  const cpu = diskCpu(image.architecture);
  if (cpu === undefined) {
    const reason = `there is no boot loader for "${image.architecture}"`;
    throw new AppError('unsupported', `Cannot make output "${kind}" of image "${image.name}": ${reason}`);
  }
  const environment = stageEnvironment(image, 'disk');
  const base =
    prepared ?? add({ output: kind, stage: 'disk', work: { action: 'prepare-disk', args: { environment } } });
  const parent = planExtension(kind, image, { add, base });
  const args = { kind, cpu, cmdline: image.cmdline, ...(size === undefined ? {} : { size }) };
  add({ output: kind, stage: kind, work: { action: 'make-disk', args }, parent });
  return base;
}

function planExtension(
  kind: DiskOutput['kind'],
  image: ImageDefinition,
  { add, base }: { readonly add: AddSideStep; readonly base: ContentId },
): ContentId {
  const script = EXTENSIONS[kind];
  if (script === undefined) return base;
  const environment = stageEnvironment(image, kind);
  const work = { action: 'extend-root', args: { script, environment } } as const;
  return add({ output: kind, stage: `${kind} packages`, work, parent: base });
}
