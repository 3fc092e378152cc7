import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StepResult } from '../../ports/build-cache.ts';
import { digestFile } from '../digest-file.ts';
import { parentOf } from '../layer.ts';
import { blobPath, type OciLayer, ociDocuments } from '../oci/documents.ts';
import { writeLayerTar } from '../oci/layer-tar.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';
import { runTool } from '../tool.ts';
import { EXACT_TAR } from './make-tar.ts';

/** Name of the published file. */
export const OCI_FILE = 'oci.tar';

/** The layers of the release as those of a container image: an OCI layout in a tar file. */
export async function makeOci(args: StepArgs['make-oci'], context: StepContext): Promise<StepResult> {
  const parent = parentOf(context);
  const layout = join(context.workFolder, 'layout');
  const layers: OciLayer[] = [];
  for (const directory of await context.engine.layers(parent)) {
    layers.push(await addLayer(directory, layout, context));
  }
  for (const { path, text } of ociDocuments(layers, args)) {
    await mkdir(dirname(join(layout, path)), { recursive: true });
    await writeFile(join(layout, path), text, { mode: 0o644 });
  }
  const file = join(context.workFolder, OCI_FILE);
  const owner = ['--owner=0', '--group=0', '--mode=u=rwX,go=rX'];
  const names = ['oci-layout', 'index.json', 'blobs'];
  await runTool(
    ['tar', ...EXACT_TAR, ...owner, `--file=${file}`, `--directory=${layout}`, ...names],
    context,
  );
  return { kind: 'files', parent, files: { [OCI_FILE]: await context.artefacts.adopt(file) } };
}

async function addLayer(directory: string, layout: string, context: StepContext): Promise<OciLayer> {
  const folder = join(context.workFolder, 'layer');
  await mkdir(folder);
  const tar = await writeLayerTar({ directory, folder }, context);
  const { digest: diffId } = await digestFile(tar);
  await runTool(['gzip', '--no-name', '-6', tar], context);
  const blob = await digestFile(`${tar}.gz`);
  const target = join(layout, blobPath(blob.digest));
  await mkdir(dirname(target), { recursive: true });
  await rename(`${tar}.gz`, target);
  await rm(folder, { recursive: true });
  return { blob, diffId };
}
