import type { StepResult } from '../../ports/build-cache.ts';
import { makeLayer } from '../layer.ts';
import type { StepArgs } from '../step.ts';
import type { StepContext } from '../step-context.ts';
import { requireRoot } from './sources/check-root.ts';
import { downloaded } from './sources/download.ts';
import { copyDisk } from './sources/from-disk.ts';
import { unpackIso } from './sources/from-iso.ts';
import { copyOciImage } from './sources/from-oci.ts';
import { installSuite } from './sources/from-suite.ts';
import { unpackTarball } from './sources/from-tarball.ts';
import type { RootFile } from './sources/root-file.ts';

/** What the root is made from, straight into the container: the first layer. */
export function bootstrap(args: StepArgs['bootstrap'], context: StepContext): Promise<StepResult> {
  return makeLayer(context, async ({ root }) => {
    await fillRoot(args, root, context);
    await requireRoot(root, args.architecture);
  });
}

function fillRoot(args: StepArgs['bootstrap'], root: string, context: StepContext): Promise<void> {
  const { source } = args;
  switch (source.kind) {
    case 'suite':
      return installSuite({ ...source, architecture: args.architecture }, root, context);
    case 'oci':
    case 'oci-layout':
      return copyOciImage({ ...args, source }, root, context);
    case 'file':
      return unpack(
        { format: source.format, path: source.path, architecture: args.architecture },
        root,
        context,
      );
    case 'download':
      return fillFromWeb({ ...args, source }, root, context);
  }
}

async function fillFromWeb(
  {
    source,
    digest = '',
    architecture,
  }: StepArgs['bootstrap'] & { readonly source: { readonly kind: 'download' } },
  root: string,
  context: StepContext,
): Promise<void> {
  const path = await downloaded({ url: source.url, sha512: digest }, context);
  await unpack({ format: source.format, path, architecture }, root, context);
}

function unpack(file: RootFile, root: string, context: StepContext): Promise<void> {
  switch (file.format) {
    case 'tarball':
      return unpackTarball(file, root, context);
    case 'disk':
      return copyDisk(file, root, context);
    case 'iso':
      return unpackIso(file, root, context);
  }
}
