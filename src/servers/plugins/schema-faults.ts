import type { TLocalizedValidationError as SchemaFault } from 'typebox/error';

const SUBJECTS: Readonly<Record<string, string>> = {
  body: 'The body',
  querystring: 'The query',
  params: 'The path',
  headers: 'The header',
};

const TYPES: Readonly<Record<string, string>> = {
  object: 'an object',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

/** What a schema has against a request, a sentence for each part that is wrong; none for an error of another kind. */
export function schemaFaults(error: unknown): readonly string[] {
  const context =
    typeof error === 'object' && error !== null && 'validationContext' in error
      ? String(error.validationContext)
      : '';
  const found = parseFaults(error).filter(({ keyword }) => keyword !== 'boolean');
  const texts = found
    .filter(({ schemaPath }) => !/\/anyOf\/\d+/.test(schemaPath))
    .map((fault) => sentence(fault, { found, whole: SUBJECTS[context] ?? 'The request' }));
  return [...new Set(texts)];
}

function parseFaults(error: unknown): readonly SchemaFault[] {
  if (typeof error !== 'object' || error === null || !('validation' in error)) return [];
  return Array.isArray(error.validation) ? (error.validation as readonly SchemaFault[]) : [];
}

interface Context {
  readonly found: readonly SchemaFault[];
  /** What an empty path stands for. */
  readonly whole: string;
}

function sentence(fault: SchemaFault, { found, whole }: Context): string {
  const path = fault.instancePath.slice(1).replaceAll('/', '.');
  const subject = path === '' ? whole : `"${path}"`;
  if (fault.keyword === 'additionalProperties')
    return `${subject}: unknown keys ${JSON.stringify(fault.params.additionalProperties)}`;
  if (fault.keyword === 'required')
    return `${subject}: missing ${fault.params.requiredProperties.map((key) => `"${key}"`).join(', ')}`;
  if (fault.keyword === 'anyOf') return `${subject}: wanted ${alternatives(fault, found)}`;
  return `${subject}: wanted ${wantedBy(fault)}`;
}

/** What each branch of a union wants; of a constant it is not said that it is a text as well. */
function alternatives({ schemaPath }: SchemaFault, found: readonly SchemaFault[]): string {
  const branches = found.filter((fault) => fault.schemaPath.startsWith(`${schemaPath}/anyOf/`));
  const constants = new Set(
    branches.filter(({ keyword }) => keyword === 'const').map((one) => one.schemaPath),
  );
  const wanted = branches
    .filter((fault) => fault.keyword !== 'type' || !constants.has(fault.schemaPath))
    .map(wantedBy);
  return [...new Set(wanted)].join(' or ');
}

function wantedBy(fault: SchemaFault): string {
  switch (fault.keyword) {
    case 'enum':
      return `one of ${fault.params.allowedValues.map(String).join(', ')}`;
    case 'const':
      return JSON.stringify(fault.params.allowedValue);
    case 'type':
      return [fault.params.type]
        .flat()
        .map((name) => TYPES[name] ?? name)
        .join(' or ');
    case 'minimum':
      return `at least ${fault.params.limit}`;
    case 'maximum':
      return `at most ${fault.params.limit}`;
    default:
      return fault.message;
  }
}
