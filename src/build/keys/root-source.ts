import type { RootSource } from '../../core/image.ts';
import { type KeyContext, type Mapping, quote } from './reading.ts';

const DEBIAN_SUITES: ReadonlySet<string> = new Set(['bookworm', 'trixie', 'forky', 'duke', 'sid']);

/** `from`: what the root of a release master is made from; its own key when that is a suite. */
export function readSource(key: string, keys: Mapping, { path, parent, fault }: KeyContext): RootSource {
  if (parent !== undefined) {
    if ('from' in keys) {
      const message = 'Cannot use "from" here: only a top-level image names its release';
      fault([...path, 'from'], message, `Remove it: the image is made from "${parent.name}"`);
    }
    return parent.source;
  }
  const suite = keys['from'] ?? key;
  if (typeof suite === 'string' && DEBIAN_SUITES.has(suite)) return { kind: 'suite', suite };
  const at = 'from' in keys ? [...path, 'from'] : path;
  const remedy = `Set "from" to one of ${[...DEBIAN_SUITES].join(', ')}`;
  fault(at, `Cannot make a root from ${quote(suite)}: it is no Debian suite`, remedy);
  return { kind: 'suite', suite: key };
}
