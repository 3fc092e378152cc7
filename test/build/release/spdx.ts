import { Type } from 'typebox';
import { Value } from 'typebox/value';

// The part of SPDX 2.3 that we use, from its clauses 6, 7 and 11 and the names and values of its JSON binding. Objects are
// closed: a misspelt key is a fault. Stricter than the binding in what the clauses call mandatory, and in the forms of values.

const closed = { additionalProperties: false } as const;
const Id = Type.String({ pattern: '^SPDXRef-[A-Za-z0-9.-]+$' });
const OneLine = Type.String({ pattern: '^[^\\n]+$' });
const Unclaimed = Type.Union([Type.Literal('NOASSERTION'), Type.Literal('NONE')]);

const Package = Type.Object(
  {
    SPDXID: Id,
    name: OneLine,
    versionInfo: Type.Optional(OneLine),
    supplier: Type.Optional(
      Type.String({ pattern: '^(NOASSERTION|(Person|Organization): [^\\n(]+( \\([^\\n)]*\\))?)$' }),
    ),
    downloadLocation: Type.Union([Unclaimed, Type.String({ pattern: '^[a-z][a-z0-9+.-]*:\\S+$' })]),
    filesAnalyzed: Type.Literal(false),
    sourceInfo: Type.Optional(Type.String()),
    licenseConcluded: Unclaimed,
    licenseDeclared: Unclaimed,
    copyrightText: Type.String(),
    summary: Type.Optional(Type.String()),
    externalRefs: Type.Optional(
      Type.Array(
        Type.Object(
          {
            referenceCategory: Type.Enum(['OTHER', 'PERSISTENT-ID', 'SECURITY', 'PACKAGE-MANAGER']),
            referenceType: Type.Enum(['purl']),
            referenceLocator: Type.String({ pattern: '^pkg:deb/[a-z]+/[^\\s/]+@[^\\s@/]+$' }),
          },
          closed,
        ),
      ),
    ),
    primaryPackagePurpose: Type.Optional(
      Type.Enum([
        'APPLICATION',
        'FRAMEWORK',
        'LIBRARY',
        'CONTAINER',
        'OPERATING_SYSTEM',
        'DEVICE',
        'FIRMWARE',
        'SOURCE',
        'ARCHIVE',
        'FILE',
        'INSTALL',
        'OTHER',
      ]),
    ),
  },
  closed,
);

const Document = Type.Object(
  {
    spdxVersion: Type.Literal('SPDX-2.3'),
    dataLicense: Type.Literal('CC0-1.0'),
    SPDXID: Type.Literal('SPDXRef-DOCUMENT'),
    name: OneLine,
    documentNamespace: Type.String({ pattern: '^[a-z][a-z0-9+.-]*:[^\\s#]+$' }),
    creationInfo: Type.Object(
      {
        created: Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' }),
        creators: Type.Array(Type.String({ pattern: '^(Person|Organization|Tool): \\S.*$' }), {
          minItems: 1,
        }),
      },
      closed,
    ),
    packages: Type.Array(Package),
    relationships: Type.Array(
      Type.Object(
        { spdxElementId: Id, relationshipType: Type.Enum(['DESCRIBES', 'CONTAINS']), relatedSpdxElement: Id },
        closed,
      ),
    ),
  },
  closed,
);

/** What SPDX 2.3 has against the text of a document. */
export function spdxFaults(text: string): readonly string[] {
  const value: unknown = JSON.parse(text);
  if (!Value.Check(Document, value))
    return Value.Errors(Document, value).map(({ instancePath, message }) => `${instancePath}: ${message}`);
  const ids = value.packages.map(({ SPDXID }) => SPDXID);
  const known = new Set([value.SPDXID, ...ids]);
  const loose = value.relationships.flatMap(({ spdxElementId, relatedSpdxElement }) =>
    [spdxElementId, relatedSpdxElement].filter((id) => !known.has(id)),
  );
  return [
    ...(known.size === ids.length + 1 ? [] : ['an SPDXID is there twice']),
    ...loose.map((id) => `a relationship names "${id}", which is nowhere`),
    ...(value.relationships.some(({ relationshipType }) => relationshipType === 'DESCRIBES')
      ? []
      : ['the document describes nothing']),
  ];
}
