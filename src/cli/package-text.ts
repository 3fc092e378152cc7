import type { PackageDiff } from '../core/package.ts';
import { printable } from './format.ts';

/** A difference of packages, one line each: `+ name version`, `- name version`, `~ name from → to`. */
export function packageLines({ added, removed, upgraded, omitted = 0 }: PackageDiff): readonly string[] {
  return [
    ...upgraded.map(({ name, from, to }) => `  ~ ${name} ${from} → ${to}`),
    ...removed.map(({ name, version }) => `  - ${name} ${version}`),
    ...added.map(({ name, version }) => `  + ${name} ${version}`),
    ...(omitted === 0 ? [] : [`  and ${omitted} more`]),
  ].map(printable);
}
