import type { TSchema } from 'typebox';
import { ImageFileSchema } from './image-schema.ts';
import { HostFileSchema, ServerFileSchema } from './schema.ts';

const SCHEMAS: Readonly<Record<string, { readonly title: string; readonly schema: TSchema }>> = {
  'bivouac.schema.json': { title: 'bivouac.yml', schema: ServerFileSchema },
  'config.schema.json': { title: 'images/config.yml', schema: ImageFileSchema },
  'host.schema.json': { title: 'hosts/*.yml', schema: HostFileSchema },
};

/** JSON Schemas of the files that users write, as text by file name: editors complete and check with them. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(SCHEMAS).map(([name, { title, schema }]) => {
      const head = { $schema: 'https://json-schema.org/draft/2020-12/schema', title: `Bivouac: ${title}` };
      return [name, `${JSON.stringify({ ...head, ...schema }, withoutChecks, 2)}\n`];
    }),
  );
}

/** What only TypeBox understands, such as the check of an address, is left out. */
function withoutChecks(key: string, value: unknown): unknown {
  return key.startsWith('~') ? undefined : value;
}
