import Type, { type TProperties, type TSchema } from 'typebox';

// A key without a value is nothing, as if the key were not there: editors must not mark what the reader takes.

/** A list of texts. */
export function Texts(description: string) {
  return Type.Array(Type.String(), { description });
}

/** A list of texts, or a key without a value. */
export function MaybeTexts(description: string) {
  return Type.Union([Type.Array(Type.String()), Type.Null()], { description });
}

/** A value, or a key without one. */
export function orNothing<T extends TSchema>(schema: T, description: string) {
  return Type.Union([schema, Type.Null()], { description });
}

/** A mapping of these keys and no others, each of which may be left out; or a key without a value. */
export function closed(properties: TProperties, description: string) {
  return orNothing(Type.Object(optional(properties), { additionalProperties: false }), description);
}

/** The same keys, each of which may be left out. */
export function optional(properties: TProperties): TProperties {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, Type.Optional(value)]));
}
