import { join, resolve } from 'node:path';
import type { ImageTree } from '../build/tree.ts';
import { AppError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { HostFiles } from '../ports/host-files.ts';
import { checkCertificate } from './certificate.ts';
import { checkConflicts, checkUnknownHosts } from './conflicts.ts';
import { type ConfigFault, FaultList } from './fault.ts';
import { readHostsFolder } from './hosts-folder.ts';
import { kindOf, readImageTree } from './image-file.ts';
import { readQuirks } from './quirks.ts';
import { readYaml } from './read-file.ts';
import { rehearseConffs } from './rehearse.ts';
import { type ConfigEnvironment, readServerFile, type ServerFile } from './server-file.ts';
import type { Site, SiteDirectories } from './site.ts';

/** A site, or everything that is wrong with its files. */
export type LoadResult =
  | { readonly ok: true; readonly site: Site }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

/** What a load depends on besides the files. */
export interface LoadOptions {
  /** `process.env` unless a test says otherwise. */
  readonly environment?: ConfigEnvironment;
  /** Hosts in the database of this data directory, to be checked against those of files. */
  readonly registeredHosts?: (dataDirectory: string) => Promise<readonly Host[]>;
}

const NO_FILES: HostFiles = { files: [], deletions: [] };

/** Load and check a whole site: `bivouac.yml` and the folders that it names. */
export async function loadSite(path: string, options: LoadOptions = {}): Promise<LoadResult> {
  const file = resolve(path);
  const faults = new FaultList();
  const document = await readYaml(file, faults);
  if (document === undefined) return { ok: false, faults: faults.faults };
  const server = readServerFile(document, options.environment ?? process.env, faults);
  const tree = await readImageTree(server.directories.images, server.ansible, faults);
  const images = tree?.images;
  const hosts = await readHostsFolder(server.directories.hosts, faults);
  const registered = (await options.registeredHosts?.(server.directories.data)) ?? [];
  const quirks = await readQuirks(server.directories.boot, faults);
  const policy = server.policy && { ...server.policy, quirks };
  checkUnknownHosts(document, { policy, images }, faults);
  checkConflicts({ declarations: hosts.declarations, registered, images, policy }, faults);
  checkBootFolder(server.directories, faults);
  await checkCertificate(document, server.web.https, faults);
  const site =
    tree === undefined
      ? undefined
      : siteOf({ file, server: { ...server, ...(policy && { policy }) }, tree, hosts });
  if (site !== undefined) rehearseConffs(site, faults);
  if (site === undefined || faults.faults.length > 0) return { ok: false, faults: faults.sorted() };
  return { ok: true, site };
}

/** The site of a load; fails with `config-invalid` when there were faults. */
export function siteOrThrow(result: LoadResult): Site {
  if (result.ok) return result.site;
  const { length } = result.faults;
  throw new AppError(
    'config-invalid',
    `Cannot load the configuration: ${length} fault${length === 1 ? '' : 's'}`,
  );
}

function checkBootFolder({ boot }: SiteDirectories, faults: FaultList): void {
  const template = join(boot, 'script.ipxe.njk');
  if (kindOf(template) === 'file') return;
  faults.file(
    template,
    'There is no boot script template',
    'Set "directories.boot" to the folder that has it',
  );
}

function siteOf(parts: {
  readonly file: string;
  readonly server: ServerFile;
  readonly tree: ImageTree;
  readonly hosts: Awaited<ReturnType<typeof readHostsFolder>>;
}): Site | undefined {
  const { file, server, tree, hosts } = parts;
  const { directories, listen, web, tftp, build, ansible, recipes, policy } = server;
  if (listen === undefined || policy === undefined) return undefined;
  return {
    file,
    directories,
    listen,
    web,
    tftp,
    build,
    ansible,
    recipes,
    policy,
    images: tree.images,
    imageSettings: tree.settings,
    hosts: hosts.declarations.flatMap(({ host }) => host ?? []),
    hostFiles: { of: (name) => hosts.files.get(name) ?? NO_FILES },
  };
}
