import { posix } from 'node:path';
import type { ImageDefinition } from '../../core/image.ts';
import type { Path, TreeOptions } from '../tree-fault.ts';

/** A YAML mapping. */
export type Mapping = Readonly<Record<string, unknown>>;

/** What the keys of one image are read against. */
export interface KeyContext {
  readonly options: TreeOptions;
  readonly path: Path;
  readonly parent: ImageDefinition | undefined;
  readonly fault: (path: Path, message: string, remedy: string) => void;
}

/** Where a key stands and whom to tell its faults. */
export type Reporter = Pick<KeyContext, 'path' | 'fault'>;

/** A value of the file for a message: quoted and cut, or the kind of thing it is. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a mapping';
  return String(value);
}

/** What to do where YAML reads a number. */
export const TEXT_REMEDY = 'Put it in quotes';

/** Whether a value is a YAML mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a text is an absolute path without `..`, `//` and the like, and not the root itself. */
export function isPlainPath(text: string): boolean {
  return text !== '/' && posix.isAbsolute(text) && posix.normalize(text) === text && !/\p{Cc}/u.test(text);
}

/** An item of a list and its place. */
export interface ListItem {
  readonly text: string;
  readonly at: Path;
}

/** A list of strings, or nothing; `null` is what YAML makes of a key without a value. */
export function stringList(key: string, keys: Mapping, { path, fault }: Reporter): readonly ListItem[] {
  const value = keys[key] ?? [];
  if (!Array.isArray(value)) {
    fault([...path, key], `Cannot read "${key}": it is no list`, `Write "${key}: [ITEM, ITEM]"`);
    return [];
  }
  return value.flatMap((item: unknown, index) => {
    const at = [...path, key, index];
    if (typeof item === 'string') return [{ text: item, at }];
    fault(at, `Cannot read ${quote(item)} in "${key}": it is no text`, TEXT_REMEDY);
    return [];
  });
}

/** The entries of a mapping, or nothing, as `stringList`. */
export function entriesOf(
  key: string,
  keys: Mapping,
  { path, fault }: Reporter,
): readonly (readonly [name: string, value: unknown])[] {
  const value = keys[key] ?? {};
  if (isMapping(value)) return Object.entries(value);
  fault([...path, key], `Cannot read "${key}": it is no mapping`, `Write "${key}: {NAME: VALUE}"`);
  return [];
}
