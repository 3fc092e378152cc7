import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { globExpression } from '../glob.ts';

/** Whether a path relative to the folder is kept from being copied. */
export type Ignored = (path: string) => boolean;

const FILES = ['.containerignore', '.dockerignore'] as const;

/** What `.containerignore` of a folder, else `.dockerignore`, keeps from being copied. */
export async function ignoredIn(folder: string): Promise<Ignored> {
  for (const name of FILES) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
    if (text !== undefined) return ignoredBy(text);
  }
  return () => false;
}

/** Lines are patterns of paths and of all below them; "!" takes back, and the last line that speaks of a path holds. */
export function ignoredBy(text: string): Ignored {
  const rules = text.split(/\r?\n/).flatMap((line) => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    const isBack = trimmed.startsWith('!');
    const pattern = trimmed.slice(isBack ? 1 : 0).replace(/^(?:\.?\/)+|\/+$/g, '');
    return [{ isBack, form: globExpression(pattern) }];
  });
  return (path) => {
    const parts = path.split('/');
    const prefixes = parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
    const last = rules.findLast(({ form }) => prefixes.some((prefix) => form.test(prefix)));
    return last !== undefined && !last.isBack;
  };
}
