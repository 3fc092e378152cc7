import { createHash } from 'node:crypto';
import type { Cpu } from '../../core/arch.ts';
import type { ImageName } from '../../core/image.ts';
import type { Distribution, Package, PackageList } from '../../core/package.ts';
import { canonicalJson } from '../../core/release.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';

/** Whose packages a bill of materials lists. */
export interface SbomSubject {
  readonly image: ImageName;
  readonly architecture: Cpu;
  /** Name and version of this program. */
  readonly builder: string;
}

const ROOT_ID = 'SPDXRef-Image';
/** What we do not claim to know: licences stand in the packages' own copyright files (SPDX 2.3, 7.13). */
const UNKNOWN = 'NOASSERTION';

/** The packages of a root as one SPDX 2.3 JSON document; the same packages give the same text. */
export function spdxText(list: PackageList, subject: SbomSubject): string {
  const { image, architecture, builder } = subject;
  const ids = uniqueIds(list.packages);
  const packages = list.packages.map((one, index) =>
    packageOf(one, ids[index] ?? ROOT_ID, list.distribution),
  );
  const content = { image, architecture, list };
  const digest = createHash('sha256').update(canonicalJson(content)).digest('hex');
  return canonicalJson({
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${image}-${architecture}`,
    // Unique for each content (6.5); it names no place, since the document is found by its own digest.
    documentNamespace: `urn:bivouac:sbom:sha256:${digest}`,
    creationInfo: { created: instant(SOURCE_DATE_EPOCH), creators: [`Tool: ${toolName(builder)}`] },
    packages: [rootPackage(subject, digest), ...packages],
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', ROOT_ID),
      ...ids.map((id) => relationship(ROOT_ID, 'CONTAINS', id)),
    ],
  });
}

/** The package URL of a Debian package (purl specification, type `deb`). */
export function debPurl(one: Package, distribution: Distribution | undefined): string {
  const vendor = encodeURIComponent(distribution?.id ?? 'debian');
  const distro = distribution?.version;
  const qualifiers = [
    `arch=${encodeURIComponent(one.architecture)}`,
    ...(distro === undefined ? [] : [`distro=${encodeURIComponent(distro)}`]),
  ];
  return `pkg:deb/${vendor}/${purlPart(one.name)}@${purlPart(one.version)}?${qualifiers.join('&')}`;
}

function rootPackage({ image, architecture }: SbomSubject, digest: string) {
  return {
    SPDXID: ROOT_ID,
    name: image,
    versionInfo: digest.slice(0, 12),
    summary: `Root of the image "${image}" for ${architecture}`,
    // With an underscore in JSON, whatever the clause (7.24) writes.
    primaryPackagePurpose: 'OPERATING_SYSTEM',
    ...unclaimed(),
  };
}

function packageOf(one: Package, id: string, distribution: Distribution | undefined) {
  return {
    SPDXID: id,
    name: one.name,
    versionInfo: one.version,
    ...(one.source === undefined ? {} : { sourceInfo: `built from source package ${one.source}` }),
    ...(one.maintainer === undefined ? {} : { supplier: supplierOf(one.maintainer) }),
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: debPurl(one, distribution),
      },
    ],
    ...unclaimed(),
  };
}

/** `Ada <ada@example.org>` as a supplier, whose address is in round brackets (SPDX 2.3, 7.5). */
function supplierOf(maintainer: string): string {
  const [, name = maintainer, address] = /^(.*?)\s*<([^<>()]*)>$/.exec(maintainer) ?? [];
  const plain = name.replace(/\s*[()]\s*/g, ' ').trim();
  if (plain === '') return UNKNOWN;
  return `Organization: ${plain}${address === undefined ? '' : ` (${address})`}`;
}

function unclaimed() {
  return {
    downloadLocation: UNKNOWN,
    filesAnalyzed: false,
    licenseConcluded: UNKNOWN,
    licenseDeclared: UNKNOWN,
    copyrightText: UNKNOWN,
  };
}

function relationship(from: string, relationshipType: 'DESCRIBES' | 'CONTAINS', to: string) {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

/** An id has letters, digits, `.` and `-` only (SPDX 2.3, 7.2): `g++` and `g--` would be one. */
function uniqueIds(packages: readonly Package[]): readonly string[] {
  const seen = new Map<string, number>();
  return packages.map(({ name, architecture }) => {
    const id = `SPDXRef-Package-${name}-${architecture}`.replace(/[^A-Za-z0-9.-]/g, '-');
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    return count === 1 ? id : `${id}-again${count}`;
  });
}

/** `bivouac 0.1.0` as a tool's name and version (SPDX 2.3, 6.8). */
function toolName(builder: string): string {
  return builder.replaceAll(' ', '-');
}

/** A colon stands as it is, `+` and `~`… are percent-encoded or not as in the examples of the specification. */
function purlPart(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
