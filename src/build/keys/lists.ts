import { CLEAN_NAMES, isCleanName } from '../clean-operations.ts';
import {
  entriesOf,
  isPlainPath,
  type KeyContext,
  type ListItem,
  type Mapping,
  quote,
  stringList,
} from './reading.ts';

const KERNEL_ARGUMENT = /^[\x21-\x7e]+$/;
const MODULE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** `cmdline`: kernel arguments, after those of the parent. */
export function readCmdline(keys: Mapping, context: KeyContext): readonly string[] {
  const own = stringList('cmdline', keys, context);
  const form = {
    is: (text: string) => KERNEL_ARGUMENT.test(text),
    what: 'kernel argument',
    remedy: 'Give one argument per list item, printable ASCII without spaces',
  };
  return [...(context.parent?.cmdline ?? []), ...textsOf(own, form, context)];
}

/** They go to the initramfs as one kernel argument. */
const PERSISTENT = /^[A-Za-z0-9_.@+/-]{1,200}$/;

/** `persist`: paths that keep their content over reboots, beside those of the parent. */
export function readPersist(keys: Mapping, context: KeyContext): readonly string[] {
  const own = stringList('persist', keys, context);
  const form = {
    is: (text: string) => isPlainPath(text) && PERSISTENT.test(text),
    what: 'path to keep',
    remedy:
      'Give an absolute path inside the root of letters, digits, "_", ".", "@", "+" and "-", without ".."',
  };
  return union(context.parent?.persist ?? [], textsOf(own, form, context));
}

/** `drivers`: kernel modules that have to be there, beside those of the parent. */
export function readDrivers(keys: Mapping, context: KeyContext): readonly string[] {
  const own = stringList('drivers', keys, context);
  const form = {
    is: (text: string) => MODULE.test(text),
    what: 'driver',
    remedy: 'Name a kernel module such as "e1000e"',
  };
  return union(context.parent?.drivers ?? [], textsOf(own, form, context));
}

/** `clean`: operations of the cleaning before a commit, each on or off; what the parent says holds unless told otherwise. */
export function readClean(keys: Mapping, context: KeyContext): Readonly<Record<string, boolean>> {
  const own = entriesOf('clean', keys, context).flatMap(([operation, value]) => {
    const at = [...context.path, 'clean', operation];
    if (!isCleanName(operation)) {
      const remedy = `Operations are ${CLEAN_NAMES.join(', ')}`;
      context.fault(at, `Cannot clean ${quote(operation)}: it is no name of an operation`, remedy);
    } else if (typeof value === 'boolean') {
      return [[operation, value] as const];
    } else {
      context.fault(at, `Cannot set "${operation}" to ${quote(value)}`, 'Write true or false');
    }
    return [];
  });
  return { ...context.parent?.clean, ...Object.fromEntries(own) };
}

interface Form {
  readonly is: (text: string) => boolean;
  readonly what: string;
  readonly remedy: string;
}

function textsOf(items: readonly ListItem[], form: Form, { fault }: KeyContext): readonly string[] {
  return items.flatMap(({ text, at }) => {
    if (form.is(text)) return [text];
    fault(at, `Cannot use ${form.what} ${quote(text)}`, form.remedy);
    return [];
  });
}

function union(above: readonly string[], own: readonly string[]): readonly string[] {
  return [...new Set([...above, ...own])];
}
