import { mkdir, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';
import type { StepContext } from '../step-context.ts';
import { EXACT_TAR } from '../steps/make-tar.ts';
import { runTool } from '../tool.ts';
import { type Removals, removalsOf } from './overlay-layer.ts';

/** OCI image specification, "Image Layer Filesystem Changeset", sections "Whiteouts" and "Opaque Whiteout". */
const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** Names of the empty files that stand for removals in a tarball. */
export function whiteoutFiles({ whiteouts, opaque }: Removals): readonly string[] {
  const deleted = whiteouts.map((path) =>
    posix.join(posix.dirname(path), `${WHITEOUT}${posix.basename(path)}`),
  );
  return [...deleted, ...opaque.map((path) => posix.join(path, OPAQUE))].toSorted();
}

/** Write an overlayfs layer directory as the tarball of an OCI layer, into an empty folder of its own. */
export async function writeLayerTar(
  { directory, folder }: { readonly directory: string; readonly folder: string },
  context: StepContext,
): Promise<string> {
  const removals = await removalsOf(directory, context);
  const file = join(folder, 'layer.tar');
  const excluded = await writeNames(join(folder, 'excluded'), removals.whiteouts);
  const options = ['--xattrs-exclude=trusted.overlay.*', '--anchored', '--no-wildcards'];
  const exclude = `--exclude-from=${excluded}`;
  const from = [`--file=${file}`, `--directory=${directory}`];
  await runTool(['tar', ...EXACT_TAR, ...options, exclude, ...from, '.'], context);
  await appendWhiteouts(file, { names: whiteoutFiles(removals), folder }, context);
  return file;
}

async function appendWhiteouts(
  file: string,
  { names, folder }: { readonly names: readonly string[]; readonly folder: string },
  context: StepContext,
): Promise<void> {
  if (names.length === 0) return;
  const empty = join(folder, 'whiteouts');
  for (const name of names) {
    await mkdir(posix.dirname(join(empty, name)), { recursive: true });
    await writeFile(join(empty, name), '');
  }
  const list = await writeNames(join(folder, 'names'), names);
  const options = ['--append', '--format=posix', '--numeric-owner', '--owner=0', '--group=0', '--mode=0644'];
  const times = [
    `--mtime=@${SOURCE_DATE_EPOCH}`,
    '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  ];
  const from = [`--file=${file}`, `--directory=${empty}`, '--verbatim-files-from', `--files-from=${list}`];
  await runTool(['tar', ...options, ...times, ...from], context);
}

async function writeNames(file: string, paths: readonly string[]): Promise<string> {
  const odd = paths.find((path) => path.includes('\n'));
  if (odd !== undefined) {
    const reason = 'a name has a line break';
    throw new AppError('unsupported', `Cannot convert a layer: ${reason}: ${JSON.stringify(odd)}`);
  }
  await writeFile(file, paths.map((path) => `./${path}\n`).join(''));
  return file;
}
