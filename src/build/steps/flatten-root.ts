import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtefactRef } from '../../core/artefact.ts';
import type { StepResult } from '../../ports/build-cache.ts';
import type { WorkingContainer } from '../../ports/container-engine.ts';
import { findKernelVersion } from '../kernel-version.ts';
import { parentOf, withContainer } from '../layer.ts';
import { LIVE_INITRAMFS, type LiveInitramfs } from '../outputs/initramfs.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';
import { makeSquashfs } from './make-squashfs.ts';

type Files = Readonly<Record<string, ArtefactRef>>;

/** The root as one squashfs without whiteouts, its kernel, and each live initramfs that the image has packages for. */
export async function flattenRoot(
  { environment }: StepArgs['flatten-root'],
  context: StepContext,
): Promise<StepResult> {
  const parent = parentOf(context);
  const file = join(context.workFolder, 'rootfs.squashfs');
  const { squashLevel: level } = context.step;
  const packing = { target: file, ...(level === undefined ? {} : { level }) };
  await withContainer(context, ({ root }) => makeSquashfs({ source: root, ...packing }, context));
  const squashfs = await context.artefacts.adopt(file);
  const boot = await withContainer(context, (container) => takeBootFiles(container, environment, context));
  return { kind: 'files', parent, files: { 'rootfs.squashfs': squashfs, ...boot } };
}

async function takeBootFiles(
  container: WorkingContainer,
  environment: StepArgs['flatten-root']['environment'],
  context: StepContext,
): Promise<Files> {
  const kernelVersion = await findKernelVersion(container.root);
  if (kernelVersion === undefined) return {}; // a root for containers needs none
  const files: Record<string, ArtefactRef> = {
    vmlinuz: await take(container, `/boot/vmlinuz-${kernelVersion}`, context),
  };
  for (const kind of LIVE_INITRAMFS) {
    if (!(await kind.isIn(container.root))) continue;
    files[kind.name] = await makeInitramfs(kind, { container, kernelVersion, environment }, context);
  }
  return files;
}

async function makeInitramfs(
  kind: LiveInitramfs,
  work: {
    readonly container: WorkingContainer;
    readonly kernelVersion: string;
    readonly environment: StepArgs['flatten-root']['environment'];
  },
  context: StepContext,
): Promise<ArtefactRef> {
  const { container, kernelVersion, environment } = work;
  const { log, signal } = context;
  const target = `/run/${kind.name}`;
  await mkdir(await pathInRoot(container.root, '/run/bivouac.d'), { recursive: true });
  await writeFile(await pathInRoot(container.root, '/run/bivouac.conf'), '');
  const argv = await kind.argv({ root: container.root, kernelVersion, target });
  await container.run({ argv, environment, log, signal });
  return await take(container, target, context);
}

async function take({ root }: WorkingContainer, path: string, context: StepContext): Promise<ArtefactRef> {
  const copy = join(context.workFolder, 'taken');
  await copyFile(await pathInRoot(root, path), copy);
  return await context.artefacts.adopt(copy);
}
