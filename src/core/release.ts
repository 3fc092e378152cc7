import type { Cpu } from './arch.ts';
import type { ArtefactRef, Digest } from './artefact.ts';
import type { ImageName, OutputKind } from './image.ts';
import type { PackageDiff } from './package.ts';

/** One published layer and the stage that wrote it. */
export interface ReleaseLayer extends ArtefactRef {
  /** Name of the stage as in `images/config.yml`, or `bootstrap` for the first layer. */
  readonly stage: string;
  readonly image: ImageName;
  /** Content id of the stage: what it was made from. */
  readonly contentId: string;
  /** Commit of the repository that the stage came from, in hexadecimal. */
  readonly commit?: string;
  /** What the stage did to the packages; missing where it did nothing, and in documents of schema 1. */
  readonly packages?: PackageDiff;
}

/** A file that an output made. */
export interface ReleaseFile extends ArtefactRef {
  readonly name: string;
  /** The output that made it. */
  readonly kind: OutputKind;
}

interface ReleaseBase {
  /** 1 in documents of versions that knew nothing of packages. */
  readonly schema: 1 | 2;
  readonly image: ImageName;
  readonly architecture: Cpu;
  /** Version of the builder that made it. */
  readonly builder: string;
  /** `PackageList` of the finished root, as canonical JSON. */
  readonly packages?: ArtefactRef;
  /** Bill of materials of the finished root: SPDX 2.3 as JSON. */
  readonly sbom?: ArtefactRef;
  /** Rules of the lint that its image waived; absent for none. */
  readonly waived?: readonly string[];
}

/** A root that hosts boot into: kernel, initramfs and layers, base first. */
export interface NetbootRelease extends ReleaseBase {
  readonly output: 'netboot';
  readonly kernelVersion: string;
  readonly kernel: ArtefactRef;
  readonly initramfs: ArtefactRef;
  /** Ids of the keys that the initramfs believes; absent for one that believes every manifest. */
  readonly keys?: readonly string[];
  readonly layers: readonly [ReleaseLayer, ...ReleaseLayer[]];
  readonly cmdline: readonly string[];
  /** Paths whose content outlives a boot, absolute; absent when there are none. */
  readonly persist?: readonly string[];
  /** What its other outputs made. */
  readonly files: readonly ReleaseFile[];
}

/** Files taken out of a root, such as the NBPs of the image `nbp`. */
export interface FilesRelease extends ReleaseBase {
  readonly output: 'files';
  readonly files: readonly ReleaseFile[];
  readonly layers: readonly ReleaseLayer[];
}

/** The document that names everything a host boots; immutable, known by the digest of its canonical JSON. */
export type Release = NetbootRelease | FilesRelease;

/** A release document with its digest. */
export interface NamedRelease<R extends Release = Release> {
  readonly digest: Digest;
  readonly release: R;
}

/** All artefacts that a release names. */
export function artefactsOf(release: Release): readonly ArtefactRef[] {
  const { layers, files, packages, sbom } = release;
  const boot = release.output === 'netboot' ? [release.kernel, release.initramfs] : [];
  const about = [packages, sbom].filter((ref) => ref !== undefined);
  return [...boot, ...layers, ...files, ...about];
}

/** The artefacts that a host fetches of a release. */
export function fetchedOf(release: Release): readonly ArtefactRef[] {
  return release.output === 'netboot'
    ? [release.kernel, release.initramfs, ...release.layers]
    : release.files;
}

/** The text of a release document, whose SHA-256 is its digest. Documents of the first version named files without their kind, and only those of one output. */
export function releaseText(release: Release): string {
  if (release.schema !== 1) return canonicalJson(release);
  const files = release.files.map((file) => ({ ...file, kind: undefined }));
  const hasList = release.output === 'files' || files.length > 0;
  return canonicalJson({ ...release, files: hasList ? files : undefined });
}

/** The one JSON text of a value: object keys sorted, no white space. Its SHA-256 is the value's digest. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );
}
