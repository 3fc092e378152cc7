import type { Json } from '../core/host.ts';
import type { Path } from './fault.ts';

const MAX_DEPTH = 32;
// Names that reach the prototype of an object; a template must not get there by data.
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Where a value stands, and who is told what is wrong with it. */
export interface ValueContext {
  readonly path: Path;
  readonly fault: (path: Path, message: string, remedy: string) => void;
}

/** The variables of a host as plain JSON values; faulty ones are reported and left out. */
export function readVariables(
  variables: Readonly<Record<string, unknown>>,
  context: ValueContext,
): { readonly [key: string]: Json } {
  return readMapping(variables, context);
}

function readMapping(value: object, { path, fault }: ValueContext): { [key: string]: Json } {
  const entries = Object.entries(value).flatMap(([key, member]: [string, unknown]) => {
    const at = [...path, key];
    if (FORBIDDEN.has(key)) {
      fault(at, `Cannot use ${JSON.stringify(key)} as the name of a variable`, 'Give it another name');
      return [];
    }
    return [[key, readValue(member, { path: at, fault })] as const];
  });
  return Object.fromEntries(entries);
}

function readValue(value: unknown, context: ValueContext): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const { path, fault } = context;
  if (path.length > MAX_DEPTH) {
    fault(path, `The variable is nested more than ${MAX_DEPTH} deep`, 'Make its structure simpler');
  } else if (Array.isArray(value)) {
    return value.map((item: unknown, index) => readValue(item, { path: [...path, index], fault }));
  } else if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return readMapping(value, context);
  } else {
    fault(path, 'The variable is no text, number, boolean, list or mapping', 'Put it in quotes');
  }
  return null;
}
