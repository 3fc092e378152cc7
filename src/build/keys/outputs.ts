import type { OutputDefinition, OutputFileDefinition } from '../../core/image.ts';
import { isMapping, isPlainPath, type KeyContext, type Mapping, quote, type Reporter } from './reading.ts';

const OUTPUT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** `outputs`: what a release offers; a bootable root unless told otherwise. */
export function readOutput(keys: Mapping, { path, fault }: KeyContext): OutputDefinition {
  const outputs = keys['outputs'];
  if (outputs === undefined) return { kind: 'netboot' };
  const at = [...path, 'outputs'];
  if (!isMapping(outputs) || !isMapping(outputs['files'])) {
    fault(at, 'Cannot read "outputs": it has no mapping "files"', 'Write "outputs: {files: {NAME: /PATH}}"');
    return { kind: 'netboot' };
  }
  for (const key of Object.keys(outputs).filter((name) => name !== 'files')) {
    fault([...at, key], `Cannot make output "${key}": only "files" can be made today`, 'Remove it');
  }
  const entries = Object.entries(outputs['files']);
  if (entries.length === 0) fault([...at, 'files'], 'Cannot publish an empty list of files', 'Name a file');
  return {
    kind: 'files',
    files: entries.flatMap(([name, file]) => readOutputFile(name, file, { path: at, fault })),
  };
}

function readOutputFile(
  name: string,
  file: unknown,
  { path, fault }: Reporter,
): readonly OutputFileDefinition[] {
  const at = [...path, 'files', name];
  if (!OUTPUT_NAME.test(name)) {
    fault(
      at,
      `Cannot publish a file as ${quote(name)}`,
      'Use letters, digits, ".", "_" and "-", at most 128',
    );
    return [];
  }
  if (typeof file === 'string' && isPlainPath(file)) {
    return [{ name, path: file }];
  }
  fault(at, `Cannot take file ${quote(file)}`, 'Give an absolute path inside the root, without ".."');
  return [];
}
