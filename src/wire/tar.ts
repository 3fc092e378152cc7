import {
  BLOCK,
  CHECKSUM,
  type Field,
  GID,
  LINK_NAME,
  MAGIC,
  MAJOR,
  MINOR,
  MODE,
  MTIME,
  NAME,
  PREFIX,
  SIZE,
  TYPE,
  TYPE_FLAGS,
  UID,
} from './tar-header.ts';

/** One member of an archive. Paths are relative to the archive's root, without a leading `/` or a trailing one. */
export type TarEntry = {
  readonly path: string;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Modification time, whole seconds since 1970; the archive's own unless given. */
  readonly mtime?: number;
  /** Extended attributes by name, such as the file capabilities in `security.capability`. */
  readonly attributes?: ReadonlyMap<string, Uint8Array>;
} & (
  | { readonly kind: 'file'; readonly content: Uint8Array }
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: string }
  /** Another name of the file that came before it under the path `target`. */
  | { readonly kind: 'hard-link'; readonly target: string }
  | { readonly kind: 'character-device' | 'block-device'; readonly major: number; readonly minor: number }
  | { readonly kind: 'fifo' }
);

/** What all members share. */
export interface TarOptions {
  /** Modification time of members that have none of their own, seconds since 1970. */
  readonly mtime: number;
}

/**
 * An uncompressed tar archive of the members, in the order given; the same members make the same bytes.
 * Names that do not fit the ustar header go into GNU `L` and `K` members: BusyBox tar, which the initramfs has, skips
 * the `path` records of pax headers, while it and GNU tar both know these.
 */
export function tarArchive(entries: Iterable<TarEntry>, options: TarOptions): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const entry of entries) parts.push(...memberOf(entry, options));
  // Two blocks of zeros end an archive.
  parts.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(parts);
}

function* memberOf(entry: TarEntry, options: TarOptions): Generator<Uint8Array> {
  const name = Buffer.from(entry.kind === 'directory' ? `${entry.path}/` : entry.path);
  const linkName = Buffer.from(entry.kind === 'symlink' || entry.kind === 'hard-link' ? entry.target : '');
  const split = splitName(name);
  if (entry.attributes !== undefined && entry.attributes.size > 0) yield* attributesOf(entry.attributes);
  if (linkName.length > LINK_NAME[1]) yield* longName('K', linkName);
  if (split === undefined) yield* longName('L', name);
  const header = new Uint8Array(BLOCK);
  put(header, NAME, (split?.name ?? name).subarray(0, NAME[1]));
  put(header, PREFIX, split?.prefix ?? new Uint8Array());
  put(header, LINK_NAME, linkName.subarray(0, LINK_NAME[1]));
  putMetadata(header, entry, options.mtime);
  yield seal(header);
  if (entry.kind === 'file') yield* padded(entry.content);
}

function putMetadata(header: Uint8Array, entry: TarEntry, mtime: number): void {
  putNumber(header, MODE, entry.mode);
  putNumber(header, UID, entry.uid);
  putNumber(header, GID, entry.gid);
  putNumber(header, SIZE, entry.kind === 'file' ? entry.content.length : 0);
  putNumber(header, MTIME, entry.mtime ?? mtime);
  header[TYPE] = TYPE_FLAGS[entry.kind].charCodeAt(0);
  if (entry.kind === 'character-device' || entry.kind === 'block-device') {
    putNumber(header, MAJOR, entry.major);
    putNumber(header, MINOR, entry.minor);
  }
}

/** A pseudo-member whose content is the name of the member after it, ended by a NUL. */
function* longName(flag: 'K' | 'L', name: Uint8Array): Generator<Uint8Array> {
  const content = new Uint8Array(name.length + 1);
  content.set(name);
  const header = new Uint8Array(BLOCK);
  put(header, NAME, Buffer.from('././@LongLink'));
  for (const field of [MODE, UID, GID, MTIME]) putNumber(header, field, 0);
  putNumber(header, SIZE, content.length);
  header[TYPE] = flag.charCodeAt(0);
  yield seal(header);
  yield* padded(content);
}

/** A pax header (POSIX.1-2001) with the records that GNU tar reads extended attributes from; BusyBox tar skips it. */
function* attributesOf(attributes: ReadonlyMap<string, Uint8Array>): Generator<Uint8Array> {
  const content = Buffer.concat(
    [...attributes].map(([name, value]) => paxRecord(`SCHILY.xattr.${name}`, value)),
  );
  const header = new Uint8Array(BLOCK);
  put(header, NAME, Buffer.from('././@PaxHeader'));
  for (const field of [MODE, UID, GID, MTIME]) putNumber(header, field, 0);
  putNumber(header, SIZE, content.length);
  header[TYPE] = 'x'.charCodeAt(0);
  yield seal(header);
  yield* padded(content);
}

/** `LENGTH KEY=VALUE\n`, in which the length counts its own digits. */
function paxRecord(key: string, value: Uint8Array): Uint8Array {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** The name as ustar's prefix and name, cut at a slash that leaves both short enough; undefined when none does. */
function splitName(name: Buffer): { readonly prefix: Uint8Array; readonly name: Uint8Array } | undefined {
  if (name.length <= NAME[1]) return { prefix: new Uint8Array(), name };
  const slash = name.indexOf('/', name.length - NAME[1] - 1);
  // The slash at the very end marks a directory; a name must be left after the cut.
  if (slash <= 0 || slash > PREFIX[1] || slash >= name.length - 1) return undefined;
  return { prefix: name.subarray(0, slash), name: name.subarray(slash + 1) };
}

function seal(header: Uint8Array): Uint8Array {
  put(header, [MAGIC, 8], Buffer.from('ustar\u000000'));
  header.fill(0x20, CHECKSUM[0], CHECKSUM[0] + CHECKSUM[1]);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(header, CHECKSUM, Buffer.from(`${sum.toString(8).padStart(6, '0')}\u0000 `));
  return header;
}

function* padded(content: Uint8Array): Generator<Uint8Array> {
  if (content.length === 0) return;
  yield content;
  const rest = content.length % BLOCK;
  if (rest > 0) yield new Uint8Array(BLOCK - rest);
}

function put(header: Uint8Array, [offset, length]: Field, bytes: Uint8Array): void {
  if (bytes.length > length) throw new RangeError(`Cannot put ${bytes.length} bytes into ${length}`);
  header.set(bytes, offset);
}

/** Octal digits ended by a NUL; a number too large for them as GNU's base 256, marked by the top bit. */
function putNumber(header: Uint8Array, field: Field, value: number): void {
  const [offset, length] = field;
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Cannot put ${value} into an archive`);
  const octal = value.toString(8);
  if (octal.length < length) {
    put(header, field, Buffer.from(`${octal.padStart(length - 1, '0')}\u0000`));
    return;
  }
  let rest = value;
  for (let index = offset + length - 1; index > offset; index--) {
    header[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  header[offset] = 0x80;
}
