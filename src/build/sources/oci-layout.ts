import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestHex, parseDigest } from '../../core/artefact.ts';
import { AppError, messageOf } from '../../core/errors.ts';
import type { RootSource } from '../../core/image.ts';
import { sha256OfFile } from './file-digest.ts';
import { parseJsonRecord } from './json-record.ts';

type Layout = RootSource & { readonly kind: 'oci-layout' };

/** Of an index or a manifest. OCI distribution specification: registries must take 4 MiB, so tools make no more. */
const LARGEST = 4 * 1024 * 1024;
/** OCI image specification, annotations: the tag of an image in a layout. */
const TAG = 'org.opencontainers.image.ref.name';

/** Digest of the manifest that an OCI layout folder has under a tag, or of its only one; its bytes are checked. */
export async function layoutDigest(layout: Layout): Promise<Digest> {
  const entries = await manifestsOf(layout);
  const named = layout.tag === undefined ? entries : entries.filter(({ tag }) => tag === layout.tag);
  const [entry, another] = named;
  if (entry === undefined || another !== undefined) {
    const tags = entries.map(({ tag }) => JSON.stringify(tag ?? '')).slice(0, 20);
    const reason = `it has ${named.length} images${layout.tag === undefined ? '' : ` "${layout.tag}"`}`;
    throw problem(layout, reason, `Name one by "oci:FOLDER:TAG": ${tags.join(', ') || 'there is none'}`);
  }
  const blob = join(layout.path, 'blobs/sha256', digestHex(entry.digest));
  const actual = await sha256OfFile(blob).catch((error: unknown) => {
    throw problem(layout, messageOf(error));
  });
  if (actual !== digestHex(entry.digest)) throw problem(layout, `manifest "${entry.digest}" has other bytes`);
  return entry.digest;
}

async function manifestsOf(layout: Layout) {
  const text = await readSmall(join(layout.path, 'index.json')).catch((error: unknown) => {
    throw problem(
      layout,
      messageOf(error),
      'Give a folder with "index.json", as "buildah push IMAGE oci:FOLDER" makes',
    );
  });
  const index = parseJsonRecord(text);
  const manifests = index?.['manifests'];
  if (!Array.isArray(manifests)) throw problem(layout, '"index.json" has no list of manifests');
  return manifests.map((entry: unknown) => {
    const row = parseJsonRecord(JSON.stringify(entry));
    const digest = parseDigest(String(row?.['digest']));
    if (digest === undefined) throw problem(layout, '"index.json" names a manifest without a SHA-256 digest');
    const tag = parseJsonRecord(JSON.stringify(row?.['annotations'] ?? {}))?.[TAG];
    return { digest, tag: typeof tag === 'string' ? tag : undefined };
  });
}

async function readSmall(path: string): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(LARGEST + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > LARGEST) throw new RangeError(`"index.json" is larger than ${LARGEST} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function problem({ path }: Layout, reason: string, remedy?: string): AppError {
  return new AppError('invalid-input', `Cannot use OCI layout "${path}": ${reason}`, {
    ...(remedy === undefined ? {} : { remedy }),
  });
}
