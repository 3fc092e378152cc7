import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Absolute path of the project's root. */
export const PROJECT_ROOT = join(import.meta.dirname, '..', '..');

const NOT_OURS = /^(?:node_modules|dist|coverage|\.git|\.bivouac.*|bivouac\.yml)$/;

/** Files of the project, relative to its root, sorted; without generated and installed ones. */
export function projectFiles(root: string = PROJECT_ROOT): readonly string[] {
  const walk = (directory: string): string[] =>
    readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !NOT_OURS.test(entry.name))
      .flatMap((entry) => {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) return walk(path);
        return entry.isFile() ? [relative(root, path)] : [];
      });
  return walk(root).sort();
}

/** The text of a file of the project; undefined when it is binary. */
export function readText(path: string, root: string = PROJECT_ROOT): string | undefined {
  const text = readFileSync(join(root, path), 'utf8');
  return text.includes('\0') ? undefined : text;
}

/** The first line of a file, at most 200 bytes. */
export function firstLine(path: string, root: string = PROJECT_ROOT): string {
  const descriptor = openSync(join(root, path), 'r');
  try {
    const head = Buffer.alloc(200);
    const length = readSync(descriptor, head, 0, head.length, 0);
    return head.toString('latin1', 0, length).split('\n', 1)[0] ?? '';
  } finally {
    closeSync(descriptor);
  }
}
