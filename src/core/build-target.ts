/** Which parts of an image a build makes: layers, files of its hosts, initramfs, kernel; `all` is the first three, `trueall` all four. */
export const BUILD_TARGETS = ['rootfs', 'conffs', 'initramfs', 'kernel', 'all', 'trueall'] as const;

/** One of `BUILD_TARGETS`. */
export type BuildTarget = (typeof BUILD_TARGETS)[number];

/** Whether a value is one of `BUILD_TARGETS`. */
export function isBuildTarget(value: unknown): value is BuildTarget {
  return BUILD_TARGETS.some((target) => target === value);
}
