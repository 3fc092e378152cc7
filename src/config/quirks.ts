import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { clientArchitecture } from '../core/arch.ts';
import type { Quirk, QuirkMatch, Workarounds } from '../core/quirk.ts';
import type { SourceDocument } from './document.ts';
import type { FaultList } from './fault.ts';
import { BootfileText } from './formats.ts';
import { readYaml } from './read-file.ts';
import { mapping } from './schema.ts';
import { parseShape, type Remains } from './validate.ts';

/** Name of the file in the folder `boot/`. */
export const QUIRKS_FILE = 'quirks.yml';

const Code = Type.Integer({ minimum: 0, maximum: 65_535, description: 'a code of option 93' });
const KnownCode = Type.Refine(
  Code,
  (code) => clientArchitecture(code) !== undefined,
  () => 'a code that IANA has assigned',
);
/** Without these a reply is none: message type, server identifier, relay agent. */
const KEPT = [53, 54, 82];
const RemovableOption = Type.Refine(
  Type.Integer({ minimum: 1, maximum: 254, description: 'a code of an option' }),
  (code) => !KEPT.includes(code),
  () => `a code of an option, not ${KEPT.join(', ')}`,
);
const Text = Type.String({ minLength: 1, maxLength: 255, description: 'text' });
const MacPrefix = Type.String({
  pattern: '^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){0,5}$',
  description: 'the first octets of a MAC address such as "b8:27:eb"',
});
const OptionValue = Type.String({
  pattern: '^(any|([0-9A-Fa-f]{2})+)$',
  description: '"any" or hexadecimal digits in quotes',
});

function list<T extends Type.TSchema>(item: T) {
  return Type.Optional(Type.Array(item, { minItems: 1, maxItems: 64, description: 'a list' }));
}

/** Shape of one quirk. */
const QuirkSchema = mapping({
  name: Text,
  match: mapping({
    stages: list(Type.Enum(['firmware', 'ipxe', 'os'])),
    vendor_classes: list(Text),
    user_classes: list(Text),
    macs: list(MacPrefix),
    architectures: list(Code),
    options: Type.Optional(
      Type.Record(Type.String(), OptionValue, { description: 'a mapping of codes to values' }),
    ),
  }),
  workarounds: mapping({
    treat_as_architecture: Type.Optional(KnownCode),
    bootfile: Type.Optional(BootfileText),
    bootfile_in: Type.Optional(Type.Enum(['fields', 'options'])),
    nul_terminated: Type.Optional(Type.Boolean()),
    without_options: list(RemovableOption),
    broadcast: Type.Optional(Type.Boolean()),
    serve: Type.Optional(Type.Enum(['full', 'never'])),
  }),
});

/** Shape of `boot/quirks.yml`. */
const QuirksFileSchema = mapping({
  quirks: Type.Array(QuirkSchema, { maxItems: 1000, description: 'a list' }),
});

type Shape = Remains<Static<typeof QuirkSchema>>;

/** Read the quirks of the folder `boot/`; a folder without the file has none. */
export async function readQuirks(folder: string, faults: FaultList): Promise<readonly Quirk[]> {
  const file = join(folder, QUIRKS_FILE);
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  const document = isThere ? await readYaml(file, faults) : undefined;
  if (document === undefined) return [];
  const shapes = parseShape(QuirksFileSchema, document, faults)?.quirks ?? [];
  const names = new Set<string>();
  return shapes.flatMap((shape, index) => {
    const { name } = shape ?? {};
    if (shape === undefined || name === undefined) return [];
    const place = document.where(['quirks', index, 'name']);
    if (names.has(name)) faults.at(place, `There are two quirks "${name}"`, 'Rename one');
    names.add(name);
    return quirkOf(name, shape, { document, faults, index });
  });
}

interface Context {
  readonly document: SourceDocument;
  readonly faults: FaultList;
  readonly index: number;
}

function quirkOf(name: string, shape: Shape, { document, faults, index }: Context): readonly Quirk[] {
  const match = matchOf(shape.match ?? {});
  const workarounds = workaroundsOf(shape.workarounds ?? {});
  for (const [key, value, remedy] of [
    ['match', match, 'Say whom it is meant for: it would be everybody'],
    ['workarounds', workarounds, 'Say what is done differently'],
  ] as const) {
    if (Object.keys(value).length > 0) continue;
    faults.at(document.where(['quirks', index, key], 'key'), `"${key}" of quirk "${name}" is empty`, remedy);
  }
  return [{ name, match, workarounds }];
}

function matchOf(shape: NonNullable<Shape['match']>): QuirkMatch {
  const { stages, vendor_classes, user_classes, macs, architectures, options } = shape;
  return parseDefined({
    stages: compact(stages),
    vendorClasses: compact(vendor_classes),
    userClasses: compact(user_classes),
    macs: compact(macs)?.map((prefix) => prefix.toLowerCase()),
    architectures: compact(architectures),
    options:
      options && new Map(Object.entries(options).map(([code, value]) => [Number(code), bytesOf(value)])),
  });
}

function workaroundsOf(shape: NonNullable<Shape['workarounds']>): Workarounds {
  return parseDefined({
    treatAsArchitecture: shape.treat_as_architecture,
    bootfile: shape.bootfile,
    bootfileIn: shape.bootfile_in,
    nulTerminated: shape.nul_terminated,
    withoutOptions: compact(shape.without_options),
    broadcast: shape.broadcast,
    serve: shape.serve,
  });
}

function bytesOf(value: string | undefined): Uint8Array | undefined {
  return value === undefined || value === 'any' ? undefined : Buffer.from(value, 'hex');
}

function compact<T>(items: readonly (T | undefined)[] | undefined): readonly T[] | undefined {
  return items?.filter((item) => item !== undefined);
}

/** Without the members that are undefined. */
function parseDefined<T extends object>(given: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as { [Key in keyof T]?: Exclude<T[Key], undefined> };
}
