import { type Cpu, IMAGE_CPUS, parseImageCpu } from '../../core/arch.ts';
import type { Path } from '../tree-fault.ts';
import { type KeyContext, type Mapping, quote } from './reading.ts';

/** What an image is built for, the first unless told otherwise. */
export type Architectures = readonly [Cpu, ...Cpu[]];

/** `arch`: one architecture or a list, each one of the parent's; the parent's, or this machine's, unless given. */
export function readArchitectures(keys: Mapping, context: KeyContext): Architectures {
  const { options, path, parent, fault } = context;
  const inherited: Architectures = parent?.architectures ?? [options.architecture];
  const value = keys['arch'];
  if (value === undefined) return inherited;
  const at = [...path, 'arch'];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const own = new Set<Cpu>();
  for (const [index, item] of items.entries()) {
    const where: Path = Array.isArray(value) ? [...at, index] : at;
    const cpu = typeof item === 'string' ? parseImageCpu(item) : undefined;
    if (cpu === undefined) {
      fault(where, `Cannot build for ${quote(item)}`, `Name ${IMAGE_CPUS.join(', ')}`);
    } else if (parent !== undefined && !inherited.includes(cpu)) {
      const message = `Cannot build for "${cpu}": the image is made from "${parent.name}", which is for ${inherited.join(', ')}`;
      fault(where, message, `Add "${cpu}" to "arch" of "${parent.name}"`);
    } else if (own.has(cpu)) {
      fault(where, `Cannot build for "${cpu}" twice`, 'Remove one of them');
    } else {
      own.add(cpu);
    }
  }
  if (items.length === 0) fault(at, 'Cannot build for no architecture', 'Name one, or remove "arch"');
  const [first, ...others] = own;
  return first === undefined ? inherited : [first, ...others];
}
