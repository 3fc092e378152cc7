// The live root mounts file systems of the kernel over these.
const HIDDEN = ['/dev', '/proc', '/run', '/sys'];

/** Why a path cannot name a file of a host's root, as the end of a sentence; undefined when it can. */
export function targetPathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'it is not absolute';
  if (path === '/') return 'it is the root itself';
  if (Buffer.byteLength(path) > 4095) return 'it is too long';
  if (/\p{Cc}/u.test(path)) return 'it holds a control character';
  const segments = path.slice(1).split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'it holds an empty segment, "." or ".."';
  }
  if (segments.some((segment) => Buffer.byteLength(segment) > 255))
    return 'a segment is longer than 255 bytes';
  const hidden = HIDDEN.find((mount) => path === mount || path.startsWith(`${mount}/`));
  return hidden === undefined ? undefined : `"${hidden}" is mounted over when the host boots`;
}
