/** One member of an archive that the kernel unpacks into the initramfs. Paths have no leading `/`. */
export interface CpioFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly content: Uint8Array;
}

const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const TRAILER = 'TRAILER!!!';

/**
 * An archive of the form "newc" (linux/Documentation/driver-api/early-userspace/buffer-format.rst): files of root, with the
 * directories above them. Its length is a multiple of 512, so that another archive may follow.
 */
export function packCpio(files: readonly CpioFile[]): Uint8Array {
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)));
  const members = [
    ...[...folders].map((path) => ({ path, mode: DIRECTORY | 0o755, content: new Uint8Array() })),
    ...files.map(({ path, mode, content }) => ({ path, mode: REGULAR | mode, content })),
    { path: TRAILER, mode: 0, content: new Uint8Array() },
  ];
  const parts = members.map((member, index) => packMember(member, index + 1));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat(parts, Math.ceil(length / 512) * 512);
}

function packMember({ path, mode, content }: CpioFile, inode: number): Uint8Array {
  const isFolder = (mode & DIRECTORY) !== 0;
  // ino, mode, uid, gid, nlink, mtime, filesize, devmajor, devminor, rdevmajor, rdevminor, namesize, check
  const numbers = [inode, mode, 0, 0, isFolder ? 2 : 1, 0, content.length, 0, 0, 0, 0, path.length + 1, 0];
  const header = `070701${numbers.map((each) => each.toString(16).padStart(8, '0')).join('')}${path}\0`;
  return Buffer.concat([padded(Buffer.from(header, 'latin1')), padded(content)]);
}

/** Names and contents begin at multiples of 4. */
function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes], Math.ceil(bytes.length / 4) * 4);
}

function foldersOf(path: string): readonly string[] {
  const names = path.split('/').slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}
