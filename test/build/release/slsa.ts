import { Type } from 'typebox';
import { Value } from 'typebox/value';

// In-toto Statement v1 and SLSA Provenance v1. Both let a reader pass over keys that it does not know; here objects are closed,
// since a misspelt key would be such a one.

const closed = { additionalProperties: false } as const;
const Uri = Type.String({ pattern: '^[a-z][a-z0-9+.-]*:\\S+$' });
const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$' });
const DigestSet = Type.Object(
  {
    sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
    sha512: Type.Optional(Type.String({ pattern: '^[0-9a-f]{128}$' })),
    gitCommit: Type.Optional(Type.String({ pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$' })),
  },
  { ...closed, minProperties: 1 },
);
// "A ResourceDescriptor MUST specify one of uri, digest or content at a minimum" (in-toto Attestation Framework v1).
const ResourceDescriptor = Type.Intersect(
  [
    Type.Union([
      Type.Object({ uri: Uri }),
      Type.Object({ digest: DigestSet }),
      Type.Object({ content: Type.String() }),
    ]),
    Type.Object({
      name: Type.Optional(Type.String()),
      uri: Type.Optional(Uri),
      digest: Type.Optional(DigestSet),
      content: Type.Optional(Type.String()),
      downloadLocation: Type.Optional(Uri),
      mediaType: Type.Optional(Type.String()),
      annotations: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
  ],
  { unevaluatedProperties: false },
);
const Parameters = Type.Record(Type.String(), Type.Unknown());

const Provenance = Type.Object(
  {
    buildDefinition: Type.Object(
      {
        buildType: Uri,
        externalParameters: Parameters,
        internalParameters: Type.Optional(Parameters),
        resolvedDependencies: Type.Optional(Type.Array(ResourceDescriptor)),
      },
      closed,
    ),
    runDetails: Type.Object(
      {
        builder: Type.Object(
          {
            id: Uri,
            version: Type.Optional(Type.Record(Type.String(), Type.String())),
            builderDependencies: Type.Optional(Type.Array(ResourceDescriptor)),
          },
          closed,
        ),
        metadata: Type.Optional(
          Type.Object(
            {
              invocationId: Type.Optional(Type.String()),
              startedOn: Type.Optional(Time),
              finishedOn: Type.Optional(Time),
            },
            closed,
          ),
        ),
        byproducts: Type.Optional(Type.Array(ResourceDescriptor)),
      },
      closed,
    ),
  },
  closed,
);

const Statement = Type.Object(
  {
    _type: Type.Literal('https://in-toto.io/Statement/v1'),
    subject: Type.Array(Type.Object({ name: Type.Optional(Type.String()), digest: DigestSet }, closed), {
      minItems: 1,
    }),
    predicateType: Type.Literal('https://slsa.dev/provenance/v1'),
    predicate: Provenance,
  },
  closed,
);

/** What in-toto and SLSA have against the text of a statement. */
export function statementFaults(text: string): readonly string[] {
  const value: unknown = JSON.parse(text);
  return Value.Errors(Statement, value).map(({ instancePath, message }) => `${instancePath}: ${message}`);
}
