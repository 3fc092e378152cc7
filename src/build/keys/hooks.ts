import { isAbsolute, join } from 'node:path';
import { HOOK_TIMES, type HookFile, type ImageHooks } from '../../core/image.ts';
import { entriesOf, type KeyContext, type Mapping, quote } from './reading.ts';

/** `hooks`: scripts that are run in the container around each stage; the parent's unless an image has its own. */
export function readHooks(keys: Mapping, context: KeyContext): ImageHooks | undefined {
  if (!('hooks' in keys)) return context.parent?.hooks;
  let hooks: ImageHooks = {};
  for (const [key, value] of entriesOf('hooks', keys, context)) {
    const at = [...context.path, 'hooks', key];
    const time = HOOK_TIMES.find((known) => known === key);
    if (time === undefined) {
      context.fault(at, `Cannot run a hook ${quote(key)}`, `Write ${HOOK_TIMES.join(' or ')}`);
      continue;
    }
    const file = readHook(value, { ...context, path: at });
    if (file !== undefined) hooks = { ...hooks, [time]: file };
  }
  return hooks;
}

function readHook(value: unknown, { options, path: at, fault }: KeyContext): HookFile | undefined {
  const remedy = 'Give the path of a script, relative to the images folder';
  if (typeof value !== 'string' || value === '' || isAbsolute(value) || /\p{Cc}|:\/\//u.test(value)) {
    fault(at, `Cannot use hook ${quote(value)}: it is no relative path`, remedy);
    return undefined;
  }
  const path = join(options.directory, value);
  if (options.stat(path) === 'file') return { name: value, path };
  fault(at, `Cannot find hook ${quote(value)}`, `Make "${path}", a script`);
  return undefined;
}
