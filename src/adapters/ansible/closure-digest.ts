import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digestSource } from '../../build/source-tree.ts';
import { canonicalJson } from '../../core/release.ts';
import type { Closure } from './closure.ts';

/** SHA-256, in hexadecimal, of the names and contents of files of a tree. */
export async function digestClosure(root: string, files: Closure['files']): Promise<string> {
  if (files === 'all') return await digestSource(root);
  const digests: (readonly string[])[] = [];
  for (const path of files) {
    const mode = (await stat(join(root, path))).mode & 0o100 ? 'executable' : 'plain';
    digests.push([path, mode, await digestSource(join(root, path))]);
  }
  return createHash('sha256').update(canonicalJson(digests)).digest('hex');
}
