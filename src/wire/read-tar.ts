import type { TarEntry } from './tar.ts';
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
  UID,
} from './tar-header.ts';

/** Bounds of what is read. */
export interface ReadTarLimits {
  readonly entries: number;
}

const XATTR = 'SCHILY.xattr.';
/** A name, an attribute's value (64 KiB in Linux) and some more. */
const MAX_EXTRA = 1024 * 1024;

/**
 * The members of an archive that `tarArchive` or GNU tar wrote (ustar, GNU `L` and `K` members, pax headers). Contents
 * are views of `bytes`. Throws a `RangeError` for anything else: damaged, cut, sparse, more members than the limit.
 */
export function readTar(bytes: Uint8Array, limits: ReadTarLimits): readonly TarEntry[] {
  const archive = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: TarEntry[] = [];
  let extra: Extra = {};
  for (let at = 0; ; ) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw new RangeError('Cannot read the archive: it has no end');
    if (header.every((byte) => byte === 0)) return entries;
    checkHeader(header);
    const size = numberIn(header, SIZE);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (content.length < size) throw new RangeError('Cannot read the archive: a member is cut');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const flag = String.fromCharCode(header.readUInt8(TYPE));
    const more = extraOf(flag, content);
    if (more !== undefined) {
      extra = { ...extra, ...more };
      continue;
    }
    if (entries.length >= limits.entries)
      throw new RangeError(`Cannot read more than ${limits.entries} members`);
    entries.push(entryOf(header, content, { flag, extra }));
    extra = {};
  }
}

/** What members before a member say about it. */
interface Extra {
  readonly path?: string;
  readonly link?: string;
  readonly mtime?: number;
  readonly attributes?: ReadonlyMap<string, Uint8Array>;
}

function extraOf(flag: string, content: Buffer): Extra | undefined {
  if (!['L', 'K', 'x', 'g'].includes(flag)) return undefined;
  if (content.length > MAX_EXTRA) throw new RangeError('Cannot read the archive: a name is too long');
  if (flag === 'L') return { path: utf8(untilNul(content)) };
  if (flag === 'K') return { link: utf8(untilNul(content)) };
  return flag === 'x' ? paxOf(content) : {};
}

function paxOf(content: Buffer): Extra {
  const attributes = new Map<string, Uint8Array>();
  const extra: { path?: string; link?: string; mtime?: number } = {};
  for (const [key, value] of paxRecords(content)) {
    if (key === 'path') extra.path = utf8(value);
    else if (key === 'linkpath') extra.link = utf8(value);
    else if (key === 'mtime') extra.mtime = Math.floor(Number(value.toString('latin1')));
    else if (key.startsWith(XATTR)) attributes.set(key.slice(XATTR.length), value);
    else if (key === 'size' || key.startsWith('GNU.sparse'))
      throw new RangeError(`Cannot read pax record "${key}"`);
  }
  return attributes.size > 0 ? { ...extra, attributes } : extra;
}

function* paxRecords(content: Buffer): Generator<readonly [string, Buffer]> {
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, blank));
    const equals = content.indexOf(0x3d, blank);
    const end = at + length;
    const isWhole =
      blank > at && equals > blank && Number.isSafeInteger(length) && end <= content.length && equals < end;
    if (!isWhole) throw new RangeError('Cannot read a pax header: it is damaged');
    yield [content.toString('utf8', blank + 1, equals), content.subarray(equals + 1, end - 1)];
    at = end;
  }
}

interface Parts {
  readonly flag: string;
  readonly extra: Extra;
}

function entryOf(header: Buffer, content: Buffer, { flag, extra }: Parts): TarEntry {
  const [prefix, name] = [utf8(untilNul(slice(header, PREFIX))), utf8(untilNul(slice(header, NAME)))];
  const isGnu = header.toString('latin1', MAGIC, MAGIC + 6) === 'ustar ';
  const path = extra.path ?? (prefix === '' || isGnu ? name : `${prefix}/${name}`);
  const common = {
    path: path.replace(/\/+$/, ''),
    mode: numberIn(header, MODE) & 0o7777,
    uid: numberIn(header, UID),
    gid: numberIn(header, GID),
    mtime: extra.mtime ?? numberIn(header, MTIME),
    ...(extra.attributes === undefined ? {} : { attributes: extra.attributes }),
  };
  const target = extra.link ?? utf8(untilNul(slice(header, LINK_NAME)));
  const device = () => ({ major: numberIn(header, MAJOR), minor: numberIn(header, MINOR) });
  switch (flag) {
    case '0':
    case '\0':
      return { ...common, kind: 'file', content };
    case '1':
      return { ...common, kind: 'hard-link', target };
    case '2':
      return { ...common, kind: 'symlink', target };
    case '3':
      return { ...common, kind: 'character-device', ...device() };
    case '4':
      return { ...common, kind: 'block-device', ...device() };
    case '5':
      return { ...common, kind: 'directory' };
    case '6':
      return { ...common, kind: 'fifo' };
    default:
      throw new RangeError(`Cannot read a member of type ${JSON.stringify(flag)}`);
  }
}

function checkHeader(header: Buffer): void {
  const [offset, length] = CHECKSUM;
  let sum = 0x20 * length;
  for (let at = 0; at < BLOCK; at++) {
    if (at < offset || at >= offset + length) sum += header.readUInt8(at);
  }
  if (sum !== numberIn(header, CHECKSUM))
    throw new RangeError('Cannot read the archive: a header is damaged');
}

/** Octal digits, or GNU's base 256 where the top bit is set. */
function numberIn(header: Buffer, field: Field): number {
  const bytes = slice(header, field);
  let value = 0;
  if (bytes.readUInt8(0) === 0x80) {
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
  } else {
    const digits = untilNul(bytes).toString('latin1').trim();
    value = /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN;
  }
  if (!Number.isSafeInteger(value)) throw new RangeError('Cannot read the archive: a number is damaged');
  return value;
}

function slice(header: Buffer, [offset, length]: Field): Buffer {
  return header.subarray(offset, offset + length);
}

function untilNul(bytes: Buffer): Buffer {
  const nul = bytes.indexOf(0);
  return nul < 0 ? bytes : bytes.subarray(0, nul);
}

/** Names are text all through Bivouac, so bytes that are none are refused rather than changed. */
function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new RangeError(
      `Cannot read the name ${JSON.stringify(Buffer.from(bytes).toString('latin1'))}: it is not UTF-8`,
    );
  }
}
