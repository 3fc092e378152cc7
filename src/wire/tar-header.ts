/** Offset and length of a header field. */
export type Field = readonly [offset: number, length: number];

/** Size of a header, and what contents are filled up to. */
export const BLOCK = 512;

// POSIX.1-1988 "ustar" interchange format.
/** Name of the member, or its last part. */
export const NAME: Field = [0, 100];
/** Permission bits. */
export const MODE: Field = [100, 8];
/** Number of the owner. */
export const UID: Field = [108, 8];
/** Number of the group. */
export const GID: Field = [116, 8];
/** Bytes of content. */
export const SIZE: Field = [124, 12];
/** Modification time. */
export const MTIME: Field = [136, 12];
/** Sum of all bytes of the header, this field taken as blanks. */
export const CHECKSUM: Field = [148, 8];
/** Offset of the type flag. */
export const TYPE = 156;
/** What a link points to. */
export const LINK_NAME: Field = [157, 100];
/** Offset of `ustar`, NUL, version. */
export const MAGIC = 257;
/** Major number of a device. */
export const MAJOR: Field = [329, 8];
/** Minor number of a device. */
export const MINOR: Field = [337, 8];
/** First part of a long name. */
export const PREFIX: Field = [345, 155];

/** Type flags of the members that we write. */
export const TYPE_FLAGS = {
  file: '0',
  'hard-link': '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const;
