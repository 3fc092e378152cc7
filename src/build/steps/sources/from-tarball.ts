import type { StepContext } from '../../step-context.ts';
import { type RootFile, runTool, unusableBecause } from './root-file.ts';

/**
 * Unpack a root with owners by number, modes, times, links, ACLs and capabilities. GNU tar refuses names with `..`, takes
 * the slash off absolute ones, and makes links that lead out of the root only after all files, so nothing is written elsewhere.
 */
export async function unpackTarball(file: RootFile, root: string, context: StepContext): Promise<void> {
  const owners = ['--numeric-owner', '--same-owner', '--same-permissions'];
  const metadata = ['--acls', '--xattrs', '--xattrs-include=*'];
  const argv = [
    '--extract',
    `--directory=${root}`,
    ...owners,
    ...metadata,
    `--file=${file.path}`,
    '--force-local',
  ];
  await runTool(['tar', ...argv], context).catch((error: unknown) => {
    throw unusableBecause(file, error);
  });
}
