import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { faultOfArgument } from '../boot/cmdline.ts';
import { type ImageTree, imageTree } from '../build/tree.ts';
import type { Cpu } from '../core/arch.ts';
import { AppError } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import type { HostFiles } from '../ports/host-files.ts';
import { checkCertificate } from './certificate.ts';
import { checkConflicts, checkUnknownHosts } from './conflicts.ts';
import { type ConfigFault, FaultList } from './fault.ts';
import { readHostsFolder } from './hosts-folder.ts';
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

const CPU_OF_PROCESS: Readonly<Record<string, Cpu>> = { x64: 'amd64', arm64: 'arm64', riscv64: 'riscv64' };
const NO_FILES: HostFiles = { files: [], deletions: [] };

/** Load and check a whole site: `bivouac.yml` and the folders that it names. */
export async function loadSite(path: string, options: LoadOptions = {}): Promise<LoadResult> {
  const file = resolve(path);
  const faults = new FaultList();
  const document = await readYaml(file, faults);
  if (document === undefined) return { ok: false, faults: faults.faults };
  const server = readServerFile(document, options.environment ?? process.env, faults);
  const images = await readImages(server.directories, faults);
  const hosts = await readHostsFolder(server.directories.hosts, faults);
  const registered = (await options.registeredHosts?.(server.directories.data)) ?? [];
  const quirks = await readQuirks(server.directories.boot, faults);
  const policy = server.policy && { ...server.policy, quirks };
  checkUnknownHosts(document, { policy, images }, faults);
  checkConflicts({ declarations: hosts.declarations, registered, images, policy }, faults);
  checkBootFolder(server.directories, faults);
  await checkCertificate(document, server.web.https, faults);
  const site =
    images === undefined
      ? undefined
      : siteOf({ file, server: { ...server, ...(policy && { policy }) }, images, hosts });
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

async function readImages(
  { images: directory }: SiteDirectories,
  faults: FaultList,
): Promise<ImageTree['images'] | undefined> {
  const document = await readYaml(join(directory, 'config.yml'), faults);
  if (document === undefined) return undefined;
  const tree = imageTree(document.value, {
    directory,
    architecture: CPU_OF_PROCESS[process.arch] ?? 'other',
    stat: kindOf,
  });
  for (const { path, message, remedy } of tree.faults) {
    const part = message.includes(`"${path.at(-1)}"`) ? 'key' : 'value';
    faults.at(document.where(path, part), message, remedy);
  }
  checkArguments(document.file, tree.images, faults);
  return tree.images;
}

/** A release keeps its kernel arguments for good, so one that no boot could use is told before it is built. */
function checkArguments(file: string, images: Site['images'], faults: FaultList): void {
  for (const image of images) {
    const inherited = images.find(({ name }) => name === image.parent)?.cmdline ?? [];
    for (const argument of image.cmdline.slice(inherited.length)) {
      const fault = faultOfArgument(argument);
      if (fault === undefined) continue;
      faults.file(
        file,
        `Image "${image.name}" cannot have kernel argument ${JSON.stringify(argument)}: it ${fault}`,
      );
    }
  }
}

function kindOf(path: string): 'file' | 'directory' | 'other' | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isDirectory()) return 'directory';
  return stats.isFile() ? 'file' : 'other';
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
  readonly images: Site['images'];
  readonly hosts: Awaited<ReturnType<typeof readHostsFolder>>;
}): Site | undefined {
  const { file, server, images, hosts } = parts;
  const { directories, listen, web, tftp, policy } = server;
  if (listen === undefined || policy === undefined) return undefined;
  return {
    file,
    directories,
    listen,
    web,
    tftp,
    policy,
    images,
    hosts: hosts.declarations.flatMap(({ host }) => host ?? []),
    hostFiles: { of: (name) => hosts.files.get(name) ?? NO_FILES },
  };
}
