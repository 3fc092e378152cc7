import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ConfigFault } from '../../src/config/fault.ts';
import { type LoadOptions, loadSite } from '../../src/config/load.ts';
import { reportText } from '../../src/config/report.ts';
import type { Site } from '../../src/config/site.ts';
import { temporaryFolder } from '../temporary.ts';

/** Contents of files by their path; undefined leaves one of the defaults out. */
export type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

const DEFAULTS: Files = {
  'bivouac.yml': [
    'server: {address: 10.77.0.1, data: data}',
    'dhcp: {subnets: [{subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199}]}',
  ].join('\n'),
  'images/config.yml': 'trixie:\n  base:\n    kernel: linux-image-amd64\n    web: {}\n',
  'hosts/web01.yml': 'mac: 52:54:00:77:00:01\naddress: 10.77.0.11\nimage: web\n',
  'boot/script.ipxe.njk': '#!ipxe\n',
};

/** Make a folder with a small valid site, with these files instead of its own; gives its path. */
export function siteFolder(files: Files = {}): string {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries({ ...DEFAULTS, ...files })) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Load a folder's site without the environment of the test. */
export function load(folder: string, options: LoadOptions = {}) {
  return loadSite(join(folder, 'bivouac.yml'), { environment: {}, ...options });
}

/** Load a site that must be right. */
export async function loadedSite(files: Files = {}, options: LoadOptions = {}): Promise<Site> {
  const folder = siteFolder(files);
  const result = await load(folder, options);
  if (!result.ok) throw new Error(reportText(result.faults, { directory: folder }));
  return result.site;
}

/** Load a site that must have faults; gives them as `file:line:column: message (remedy)`, paths relative. */
export async function faultsOf(files: Files, options: LoadOptions = {}): Promise<string[]> {
  const folder = siteFolder(files);
  const result = await load(folder, options);
  if (result.ok) throw new Error('The site has no faults');
  return result.faults.map((fault) => oneLine(fault, folder));
}

function oneLine({ file, place, message, remedy }: ConfigFault, folder: string): string {
  const at = place === undefined ? '' : `:${place.line}:${place.column}`;
  const text = `${file}${at}: ${message}${remedy === undefined ? '' : ` (${remedy})`}`;
  return text.replaceAll(`${folder}/`, '');
}
