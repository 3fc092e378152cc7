import { createHash } from 'node:crypto';
import type { Cpu } from '../../core/arch.ts';
import { type ArtefactRef, type Digest, digestFromHex } from '../../core/artefact.ts';
import { canonicalJson } from '../../core/release.ts';
import { SOURCE_DATE_EPOCH } from '../environment.ts';

/** One layer of a container image: its blob and the digest of the tarball in it. */
export interface OciLayer {
  readonly blob: ArtefactRef;
  readonly diffId: Digest;
}

/** What a container image is besides its layers. */
export interface OciConfig {
  readonly architecture: Cpu;
  readonly command: readonly string[];
}

/** A document and its place in a layout: `blobs/…`, or `index.json`. */
export interface OciDocument {
  readonly path: string;
  readonly text: string;
}

const TYPE = 'application/vnd.oci.image';
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where a blob lies in a layout. */
export function blobPath(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** All documents of an OCI layout, version 1.0.0, with one image called `latest`. */
export function ociDocuments(layers: readonly OciLayer[], config: OciConfig): readonly OciDocument[] {
  const configBlob = blobOf(configOf(layers, config));
  const manifest = {
    schemaVersion: 2,
    mediaType: `${TYPE}.manifest.v1+json`,
    config: { mediaType: `${TYPE}.config.v1+json`, ...configBlob.ref },
    layers: layers.map(({ blob }) => ({ mediaType: `${TYPE}.layer.v1.tar+gzip`, ...blob })),
  };
  const manifestBlob = blobOf(manifest);
  const entry = {
    mediaType: manifest.mediaType,
    ...manifestBlob.ref,
    platform: platformOf(config.architecture),
    annotations: { 'org.opencontainers.image.ref.name': 'latest' },
  };
  const index = { schemaVersion: 2, mediaType: `${TYPE}.index.v1+json`, manifests: [entry] };
  return [
    { path: 'oci-layout', text: canonicalJson({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', text: canonicalJson(index) },
    configBlob.document,
    manifestBlob.document,
  ];
}

function configOf(layers: readonly OciLayer[], { architecture, command }: OciConfig): object {
  return {
    created: new Date(SOURCE_DATE_EPOCH * 1000).toISOString(),
    ...platformOf(architecture),
    config: { Env: [`PATH=${PATH}`], Cmd: command },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  };
}

/** Names of Go's `GOARCH`, which the specification wants; Debian has some others. */
function platformOf(architecture: Cpu): object {
  const os = 'linux';
  switch (architecture) {
    case 'arm':
      return { os, architecture: 'arm', variant: 'v7' };
    case 'i386':
      return { os, architecture: '386' };
    case 'ppc64el':
      return { os, architecture: 'ppc64le' };
    case 'arm64':
      return { os, architecture: 'arm64', variant: 'v8' };
    case 'amd64':
    case 'riscv64':
    case 'loong64':
    case 's390x':
    case 'other':
      return { os, architecture };
  }
}

function blobOf(value: object): { readonly document: OciDocument; readonly ref: ArtefactRef } {
  const text = canonicalJson(value);
  const digest = digestFromHex(createHash('sha256').update(text).digest('hex'));
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return {
    document: { path: blobPath(digest), text },
    ref: { digest, size: Buffer.byteLength(text) },
  };
}
