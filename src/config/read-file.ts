import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';
import { parseSource, type SourceDocument } from './document.ts';
import type { FaultList } from './fault.ts';

const MAX_YAML_BYTES = 1024 * 1024;

/** Read and parse one YAML file of at most 1 MiB; undefined, with faults, when that fails. */
export async function readYaml(path: string, faults: FaultList): Promise<SourceDocument | undefined> {
  const content = await readBounded(path, faults);
  return content === undefined ? undefined : parseSource(path, content, faults);
}

/** Read a file of at most 1 MiB; undefined, with faults, when that fails. */
export async function readBounded(path: string, faults: FaultList): Promise<Uint8Array | undefined> {
  try {
    const { size } = await statFile(path);
    // Looked at again: a file may grow while it is read.
    const content = size > MAX_YAML_BYTES ? undefined : await readFile(path);
    if (content !== undefined && content.length <= MAX_YAML_BYTES) return content;
    faults.file(path, 'The file is larger than 1 MiB', 'Split it, or remove what it does not need');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    faults.file(path, isAbsent ? 'There is no such file' : `Cannot read the file: ${messageOf(error)}`);
  }
  return undefined;
}

/** Opening a pipe would wait for a writer, for ever. */
async function statFile(path: string): Promise<{ readonly size: number }> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new Error('it is no file');
  return stats;
}
