import type { Cpu } from '../../core/arch.ts';
import { type KeyContext, type Mapping, quote } from './reading.ts';

/** What an image is built for, the first unless told otherwise. */
export type Architectures = readonly [Cpu, ...Cpu[]];

/** `arch`: one architecture or a list; the parent's, or this machine's, unless given. */
export function readArchitectures(
  keys: Mapping,
  { options, path, parent, fault }: KeyContext,
): Architectures {
  const inherited: Architectures = parent?.architectures ?? [options.architecture];
  const value = keys['arch'];
  if (value === undefined) return inherited;
  const at = [...path, 'arch'];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const [index, item] of items.entries()) {
    if (item === options.architecture) continue;
    const message = `Cannot build for ${quote(item)}: this machine builds "${options.architecture}" only`;
    const remedy = 'Remove it; other architectures come with a later version';
    fault(Array.isArray(value) ? [...at, index] : at, message, remedy);
  }
  if (items.length === 0) fault(at, 'Cannot build for no architecture', 'Name one, or remove "arch"');
  return inherited;
}
