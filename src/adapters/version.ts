import { readFileSync } from 'node:fs';

/** The version of this package; `package.json` lies beside both `src/` and `dist/`. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return /"version":\s*"([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
