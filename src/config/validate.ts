import type { Static, TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Errors } from 'typebox/value';
import { suggestion } from '../core/suggest.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList, Path } from './fault.ts';

/** What is left of a value when its faulty parts are taken out: anything may be missing. */
export type Remains<T> = T extends readonly (infer Item)[]
  ? (Remains<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]?: Remains<T[Key]> }
    : T;

type SchemaFault = ReturnType<typeof Errors>[number];

// The default of 8 would hide faults; a file is bounded, and so is what is printed.
const MAX_FAULTS = 500;

/** Check the shape of a file; every fault is reported, and what has none can be read on. */
export function parseShape<T extends TSchema>(
  schema: T,
  document: SourceDocument,
  faults: FaultList,
): Remains<Static<T>> | undefined {
  Settings.Set({ maxErrors: MAX_FAULTS });
  const found = Errors(schema, document.value).filter(isOwnFault);
  for (const fault of found) report(fault, { schema, document, faults });
  const remains = structuredClone(document.value);
  for (const fault of found) takeOut(remains, fault);
  return isMapping(remains) ? (remains as Remains<Static<T>>) : undefined;
}

interface Context {
  readonly schema: TSchema;
  readonly document: SourceDocument;
  readonly faults: FaultList;
}

/** The branches of a union and the `false` schema of an unknown key are told by the fault above them. */
function isOwnFault(fault: SchemaFault): boolean {
  return fault.keyword !== 'boolean' && !/\/anyOf\/\d+/.test(fault.schemaPath);
}

function report(fault: SchemaFault, { schema, document, faults }: Context): void {
  const path = pathOf(fault.instancePath);
  const where = path.length === 0 ? 'the file' : `"${pathText(path)}"`;
  if (fault.keyword === 'additionalProperties') {
    const known = Object.keys(mappingAt(schemaAt(schema, fault.schemaPath), 'properties'));
    for (const key of fault.params.additionalProperties) {
      const remedy = suggestion(key, known, 'keys');
      faults.at(
        document.where([...path, key], 'key'),
        `Unknown key ${JSON.stringify(key)} in ${where}`,
        remedy,
      );
    }
  } else if (fault.keyword === 'required') {
    for (const key of fault.params.requiredProperties) {
      faults.at(document.where(path, 'key'), `Missing key "${key}" in ${where}`, `Add "${key}"`);
    }
  } else {
    const got = valueAt(document.value, path);
    const part = schemaAt(schema, fault.schemaPath);
    const wanted = wantedBy(fault, part);
    const quote = isPlain(got) && isSchema(part) && Errors(part, String(got)).length === 0;
    faults.at(
      document.where(path),
      path.length === 0
        ? `The file is ${shown(got)}, wanted a mapping`
        : `${where} is ${shown(got)}, wanted ${wanted}`,
      quote ? 'Put it in quotes' : undefined,
    );
  }
}

/** `dhcp.dns[1]` */
function pathText(path: readonly string[]): string {
  return path.reduce(
    (text, step) => (/^\d+$/.test(step) ? `${text}[${step}]` : `${text}${text && '.'}${step}`),
    '',
  );
}

function wantedBy(fault: SchemaFault, schema: unknown): string {
  const description = isMapping(schema) ? schema['description'] : undefined;
  switch (fault.keyword) {
    case '~refine':
      return fault.params.message;
    case 'enum':
      return `one of ${fault.params.allowedValues.map(String).join(', ')}`;
    case 'maxItems':
      return `at most ${fault.params.limit} items`;
    case 'minItems':
      return `at least ${fault.params.limit} items`;
    case 'maxLength':
      return `at most ${fault.params.limit} characters`;
    case 'type':
      return typeof description === 'string' ? description : typeName(fault.params.type);
    default:
      return typeof description === 'string' ? description : fault.message;
  }
}

function typeName(type: string | readonly string[]): string {
  const names: Readonly<Record<string, string>> = {
    object: 'a mapping',
    array: 'a list',
    string: 'text',
    integer: 'a whole number',
  };
  return [type]
    .flat()
    .map((name) => names[name] ?? name)
    .join(' or ');
}

/** A value as a message quotes it, bounded. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Whether a value is a YAML mapping. */
export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function isSchema(value: unknown): value is TSchema {
  return isMapping(value);
}

function takeOut(value: unknown, fault: SchemaFault): void {
  const path = pathOf(fault.instancePath);
  if (fault.keyword === 'required') return;
  if (fault.keyword === 'additionalProperties') {
    for (const key of fault.params.additionalProperties) remove(value, [...path, key]);
  } else {
    remove(value, path);
  }
}

function remove(value: unknown, path: Path): void {
  const parent = valueAt(value, path.slice(0, -1));
  const key = path.at(-1);
  if (key === undefined) return;
  // An item leaves its place empty, so that the indices of the others stay right.
  if (Array.isArray(parent)) parent[Number(key)] = undefined;
  else if (isMapping(parent)) Reflect.deleteProperty(parent, key);
}

/** What a value has at a path; undefined when there is no such part. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (Array.isArray(current)) current = current[Number(step)];
    else if (isMapping(current) && Object.hasOwn(current, step)) current = current[step];
    else return undefined;
  }
  return current;
}

function schemaAt(schema: TSchema, pointer: string): unknown {
  return valueAt(schema, pathOf(pointer.replace(/^#/, '')));
}

function mappingAt(value: unknown, key: string): Record<string, unknown> {
  const member = isMapping(value) ? value[key] : undefined;
  return isMapping(member) ? member : {};
}

function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
