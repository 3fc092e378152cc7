import type { Package } from '../../core/package.ts';

/** As many packages as a list may have; Debian has some 70 000 in all. */
const MAX_PACKAGES = 50_000;
const MAX_VALUE = 300;

/** Third word of `Status` of a package that has no files in the root (dpkg(1), package states). */
const WITHOUT_FILES: ReadonlySet<string> = new Set(['not-installed', 'config-files']);

/** The packages that a text of `/var/lib/dpkg/status` says are there, sorted; damaged paragraphs are left out. */
export function parseDpkgStatus(text: string): readonly Package[] {
  const packages: Package[] = [];
  for (const paragraph of text.split(/\n\n+/)) {
    const read = readPackage(fieldsOf(paragraph));
    if (read !== undefined && packages.push(read) >= MAX_PACKAGES) break;
  }
  return packages.sort(byName);
}

function readPackage(fields: ReadonlyMap<string, string>): Package | undefined {
  const [name, version, architecture] = [
    fields.get('package'),
    fields.get('version'),
    fields.get('architecture'),
  ];
  const state = fields.get('status')?.split(' ')[2];
  if (name === undefined || version === undefined || architecture === undefined) return undefined;
  if (state === undefined || WITHOUT_FILES.has(state)) return undefined;
  const source = fields.get('source');
  const maintainer = fields.get('maintainer');
  return {
    name,
    version,
    architecture,
    ...(source === undefined ? {} : { source }),
    ...(maintainer === undefined ? {} : { maintainer }),
  };
}

/** First lines of the fields only: no field that we read goes on in the next line (Debian Policy 5.1). */
function fieldsOf(paragraph: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of paragraph.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0 || line.startsWith(' ') || line.startsWith('\t')) continue;
    const value = line.slice(colon + 1).trim();
    if (value !== '' && value.length <= MAX_VALUE) fields.set(line.slice(0, colon).toLowerCase(), value);
  }
  return fields;
}

function byName(a: Package, b: Package): number {
  return compare(a.name, b.name) || compare(a.architecture, b.architecture) || compare(a.version, b.version);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
