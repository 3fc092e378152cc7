import Type, { type TProperties, type TSchema } from 'typebox';
import { OUTPUT_KINDS } from '../build/keys/outputs.ts';
import type { OutputKind } from '../core/image.ts';
import { Texts } from './schema-forms.ts';

/** A kind alone (`tar:`, `tar: true`), or with options. */
function options(properties: TProperties): TSchema {
  return Type.Union([
    Type.Object(properties, { additionalProperties: false }),
    Type.Literal(true),
    Type.Null(),
  ]);
}

const Disk = options({ size: Type.Optional(Type.String({ description: 'such as 4GiB' })) });

const Push = Type.Union([
  Type.String({ description: 'docker://HOST/PATH:TAG' }),
  Type.Object(
    {
      to: Type.String({ description: 'docker://HOST/PATH:TAG' }),
      auth_file: Type.Optional(Type.String({ description: 'absolute path of a file of credentials' })),
      verify_tls: Type.Optional(Type.Boolean()),
    },
    { additionalProperties: false },
  ),
]);

const KINDS: Readonly<Record<OutputKind, TSchema>> = {
  netboot: options({}),
  squashfs: options({}),
  tar: options({ compression: Type.Optional(Type.Enum(['none', 'gzip', 'xz', 'zstd'])) }),
  oci: options({
    command: Type.Optional(Texts('what it runs: /bin/sh by default')),
    push: Type.Optional(Push),
  }),
  raw: Disk,
  qcow2: Disk,
  openstack: Disk,
  vagrant: Disk,
  files: Type.Record(Type.String(), Type.String(), { description: 'names, and paths inside the root' }),
};

const Kinds = Type.Object(
  Object.fromEntries(Object.entries(KINDS).map(([kind, schema]) => [kind, Type.Optional(schema)])),
  { additionalProperties: false, minProperties: 1, description: 'kinds of outputs with their options' },
);

/** Shape of `outputs`: kinds in a list or a mapping. */
export const OutputsSchema = Type.Union(
  [Type.Array(Type.Union([Type.Enum([...OUTPUT_KINDS]), Kinds]), { minItems: 1 }), Kinds],
  { description: 'what a release offers besides or in place of a root to boot' },
);
