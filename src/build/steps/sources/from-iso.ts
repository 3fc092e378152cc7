import { join } from 'node:path';
import type { StepContext } from '../../step-context.ts';
import { type RootFile, runTool, unusable, unusableBecause } from './root-file.ts';

/** Root of a live image made by live-boot, casper and their kin. */
const USUAL = /(?:^|\/)filesystem\.squashfs$/;

/** Unpack the root squashfs of a live image; it is read by programs, not mounted. */
export async function unpackIso(file: RootFile, root: string, context: StepContext): Promise<void> {
  const found = await squashfsIn(file, context);
  const usual = found.filter((path) => USUAL.test(path));
  const [path, another] = usual.length === 1 ? usual : found;
  if (path === undefined) throw unusable(file, 'it has no "*.squashfs" inside', 'Name a live image');
  if (another !== undefined) {
    throw unusable(
      file,
      `it has ${found.length} squashfs: ${found.slice(0, 20).join(', ')}`,
      'Name a live image with one root',
    );
  }
  context.log(`root: ${path}`);
  const squashfs = join(context.workFolder, 'iso-root.squashfs');
  try {
    await runTool(['xorriso', '-osirrox', 'on', '-indev', file.path, '-extract', path, squashfs], context);
    const options = ['-no-progress', '-quiet', '-xattrs', '-force', '-dest', root];
    await runTool(['unsquashfs', ...options, squashfs], context);
  } catch (error) {
    throw unusableBecause(file, error);
  }
}

/** Paths inside the ISO. */
async function squashfsIn(file: RootFile, context: StepContext): Promise<readonly string[]> {
  const find = ['-find', '/', '-type', 'f', '-name', '*.squashfs', '-exec', 'echo', '--'];
  const { stdout } = await runTool(
    ['xorriso', '-report_about', 'SORRY', '-indev', file.path, ...find],
    context,
  ).catch((error: unknown) => {
    throw unusableBecause(file, error);
  });
  return parseFound(stdout);
}

/** Lines of xorriso's `-find … -exec echo`: each path in single quotes. */
export function parseFound(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .flatMap((line) => /^'(\/.*)'$/.exec(line.trim())?.[1]?.replaceAll(`'"'"'`, `'`) ?? []);
}
