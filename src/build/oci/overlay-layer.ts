import { lstat, readdir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { StepContext } from '../step-context.ts';
import { runTool } from '../tool.ts';

/** What a layer takes away from those below it, as paths relative to the root. */
export interface Removals {
  /** Deleted entries. */
  readonly whiteouts: readonly string[];
  /** Directories whose former content is hidden as a whole. */
  readonly opaque: readonly string[];
}

/** As much of its output as a command result keeps; more attributes than that cannot be read. */
const OUTPUT_LIMIT = 1024 * 1024;

/** Read what an overlayfs layer directory removes: 0:0 character devices and opaque directories (kernel, overlayfs.rst). */
export async function removalsOf(directory: string, context: StepContext): Promise<Removals> {
  const pattern = '^trusted\\.overlay\\.(opaque|redirect|metacopy)$';
  const options = ['--recursive', '--physical', '--no-dereference', '--absolute-names', '--match', pattern];
  const { stdout } = await runTool(['getfattr', ...options, directory], { ...context, log: () => undefined });
  if (stdout.length >= OUTPUT_LIMIT) {
    throw new AppError(
      'too-large',
      'Cannot convert a layer: it replaces more directories than can be listed',
    );
  }
  const opaque = parseAttributes(stdout).map(({ path, name }) => {
    const relative = posix.relative(directory, path);
    if (name === 'trusted.overlay.opaque') return relative;
    throw new AppError('unsupported', `Cannot convert a layer: "/${relative}" has attribute "${name}"`);
  });
  return { whiteouts: (await whiteoutsBelow(directory, '')).toSorted(), opaque: opaque.toSorted() };
}

/** Parse what getfattr(1) prints: a line `# file: PATH`, then names of attributes. */
export function parseAttributes(text: string): readonly { readonly path: string; readonly name: string }[] {
  let path = '';
  return text.split('\n').flatMap((line) => {
    if (line.startsWith('# file: ')) {
      path = unescapeOctal(line.slice('# file: '.length));
      return [];
    }
    return line === '' ? [] : [{ path, name: line.split('=', 1)[0] ?? '' }];
  });
}

/** getfattr writes bytes that are no printable ASCII, and backslashes, as three octal digits. */
function unescapeOctal(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_match, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

async function whiteoutsBelow(directory: string, below: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
    const path = posix.join(below, entry.name);
    if (entry.isDirectory()) found.push(...(await whiteoutsBelow(directory, path)));
    else if (entry.isCharacterDevice() && (await lstat(join(directory, path))).rdev === 0) found.push(path);
  }
  return found;
}
