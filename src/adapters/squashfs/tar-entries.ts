import { createHash } from 'node:crypto';
import { type Extract, extract, type Header } from 'tar-stream';
import { type Digest, digestFromHex } from '../../core/artefact.ts';
import { AppError } from '../../core/errors.ts';
import type { LayerEntry } from '../../core/layer-entry.ts';

/** More than any root has; what would not fit into memory is refused. */
const MAX_ENTRIES = 2_000_000;
const MAX_TEXT = 64 * 1024 * 1024;

// Extended attributes as GNU tar and libarchive keep them in pax headers.
const ATTRIBUTE = 'SCHILY.xattr.';
const OVERLAY = `${ATTRIBUTE}trusted.overlay.`;
const OPAQUE = `${OVERLAY}opaque`;

/** The stream to write an archive into; `entriesOf` and `textsOf` read it. */
export type TarInput = Extract;

/** A reader of one archive. */
export function tarInput(): TarInput {
  return extract();
}

/** The entries of an archive of a layer, with digests of their content, in the archive's order. */
export async function entriesOf(input: TarInput): Promise<readonly LayerEntry[]> {
  const entries: LayerEntry[] = [];
  const byPath = new Map<string, LayerEntry>();
  for await (const member of input) {
    const hash = createHash('sha256');
    for await (const chunk of member) hash.update(bytesOf(chunk));
    const entry = entryOf(member.header, digestOf(hash.digest('hex')), byPath);
    if (entry === undefined) continue;
    byPath.set(entry.path, entry);
    if (entries.push(entry) > MAX_ENTRIES) {
      throw new AppError('too-large', `Cannot list a layer: it has more than ${MAX_ENTRIES} entries`);
    }
  }
  return entries;
}

/** Visit the regular files of an archive that have a name. Fails with `too-large` when one is too large to hold. */
export async function textsOf(
  input: TarInput,
  nameOf: (path: string) => string | undefined,
  visit: (name: string, text: string) => void,
): Promise<void> {
  for await (const member of input) {
    const { type, name: path, size } = member.header;
    const name = type === 'file' ? nameOf(pathOf(path)) : undefined;
    if (name !== undefined && size > MAX_TEXT) {
      throw new AppError('too-large', `Cannot read "${path}" of a layer: it has ${size} bytes`);
    }
    const parts: Uint8Array[] = [];
    for await (const chunk of member) if (name !== undefined) parts.push(bytesOf(chunk));
    if (name !== undefined) visit(name, Buffer.concat(parts).toString('utf8'));
  }
}

function entryOf(
  header: Header,
  digest: Digest,
  byPath: ReadonlyMap<string, LayerEntry>,
): LayerEntry | undefined {
  const path = pathOf(header.name);
  const records = paxOf(header);
  const { mode, uid, gid } = header;
  const base = { path, mode: mode & 0o7777, uid, gid, ...attributesOf(records) };
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
      return { ...base, kind: 'file', size: header.size, digest };
    case 'directory':
      return {
        ...base,
        kind: 'directory',
        ...(records.get(OPAQUE) === 'y' ? { opaque: true as const } : {}),
      };
    case 'symlink':
      return { ...base, kind: 'symlink', target: header.linkname };
    case 'link': {
      const first = byPath.get(pathOf(header.linkname));
      return first === undefined ? undefined : { ...first, path };
    }
    case 'fifo':
      return { ...base, kind: 'fifo' };
    case 'character-device':
    case 'block-device':
      return deviceOf(header, base);
    default:
      return undefined;
  }
}

/** A character device 0:0 is how overlayfs marks a deleted file. */
function deviceOf(
  { type, devmajor, devminor }: Header,
  base: Omit<LayerEntry & { kind: 'fifo' }, 'kind'>,
): LayerEntry {
  const device = type === 'block-device' ? 'block' : 'character';
  if (device === 'character' && devmajor === 0 && devminor === 0) return { ...base, kind: 'whiteout' };
  return { ...base, kind: 'device', device, number: `${devmajor}:${devminor}` };
}

/** The records of a pax header (POSIX.1-2001), which may have any name. */
function paxOf({ pax }: Header): ReadonlyMap<string, string> {
  if (typeof pax !== 'object' || pax === null) return new Map();
  const records: [string, unknown][] = Object.entries(pax);
  return new Map(records.map(([name, value]) => [name, String(value)]));
}

function attributesOf(records: ReadonlyMap<string, string>): { readonly attributes?: Digest } {
  const own = [...records].filter(([name]) => name.startsWith(ATTRIBUTE) && !name.startsWith(OVERLAY));
  if (own.length === 0) return {};
  const hash = createHash('sha256');
  for (const [name, value] of own.sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name}\0${value}\0`);
  return { attributes: digestOf(hash.digest('hex')) };
}

function pathOf(name: string): string {
  return name
    .replace(/^(?:\.\/)+/, '')
    .replace(/\/+$/, '')
    .replace(/^\.$/, '');
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError('Cannot read an archive: its stream gave no bytes');
}

function digestOf(hex: string): Digest {
  const digest = digestFromHex(hex);
  if (digest === undefined) throw new RangeError('Cannot make a digest: SHA-256 gave another length');
  return digest;
}
