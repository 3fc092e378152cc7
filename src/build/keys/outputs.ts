import type { Cpu } from '../../core/arch.ts';
import type { OutputDefinition, OutputKind } from '../../core/image.ts';
import type { Path } from '../tree-fault.ts';
import { type OutputEntry, readOutputEntry } from './output-options.ts';
import { isMapping, type KeyContext, type Mapping, quote } from './reading.ts';

type Outputs = readonly [OutputDefinition, ...OutputDefinition[]];

const NETBOOT: OutputDefinition = { kind: 'netboot' };

const KINDS: Readonly<Record<OutputKind, true>> = {
  netboot: true,
  squashfs: true,
  tar: true,
  oci: true,
  raw: true,
  qcow2: true,
  openstack: true,
  vagrant: true,
  files: true,
};

/** Kinds of outputs, in the order in which messages name them. */
export const OUTPUT_KINDS: readonly string[] = Object.keys(KINDS);

/** `outputs`: what a release offers, as a list of kinds or a mapping with their options; a bootable root unless told otherwise. */
export function readOutputs(
  keys: Mapping,
  { path, fault }: Pick<KeyContext, 'path' | 'fault'>,
  architectures: readonly Cpu[],
): Outputs {
  const value = keys['outputs'];
  if (value === undefined) return [NETBOOT];
  const at = [...path, 'outputs'];
  const seen = new Set<string>();
  const read = entriesOf(value, at, fault).flatMap((entry) => {
    if (!isKind(entry.kind)) {
      const remedy = `Use ${OUTPUT_KINDS.join(', ')}`;
      fault(entry.at, `Cannot make output ${quote(entry.kind)}: there is no such kind`, remedy);
      return [];
    }
    if (seen.has(entry.kind)) {
      fault(entry.at, `Cannot make output "${entry.kind}" twice`, 'Remove one of them');
      return [];
    }
    seen.add(entry.kind);
    return readOutputEntry({ ...entry, kind: entry.kind }, { fault, architectures });
  });
  const [first = NETBOOT, ...others] = read;
  return [first, ...others];
}

function entriesOf(value: unknown, at: Path, fault: KeyContext['fault']): readonly OutputEntry<string>[] {
  const remedy = 'Write "outputs: [netboot, qcow2]", or a mapping of kinds and their options';
  if (isMapping(value)) return mappingEntries(value, at, { fault, remedy });
  if (!Array.isArray(value)) {
    fault(at, `Cannot read "outputs": it is ${quote(value)}`, remedy);
    return [];
  }
  const items: readonly unknown[] = value;
  if (items.length === 0) fault(at, 'Cannot publish without any output', remedy);
  return items.flatMap((item, index): readonly OutputEntry<string>[] => {
    const itemAt = [...at, index];
    if (typeof item === 'string') return [{ kind: item, value: undefined, at: itemAt }];
    if (isMapping(item)) return mappingEntries(item, itemAt, { fault, remedy });
    fault(itemAt, `Cannot read ${quote(item)} in "outputs": it is no kind of output`, remedy);
    return [];
  });
}

function mappingEntries(
  value: Mapping,
  at: Path,
  { fault, remedy }: { readonly fault: KeyContext['fault']; readonly remedy: string },
): readonly OutputEntry<string>[] {
  const entries = Object.entries(value);
  if (entries.length === 0) fault(at, 'Cannot publish without any output', remedy);
  return entries.map(([kind, options]) => ({ kind, value: options ?? undefined, at: [...at, kind] }));
}

function isKind(text: string): text is OutputKind {
  return Object.hasOwn(KINDS, text);
}
