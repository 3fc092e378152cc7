import { copyFile, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { withContainer } from '../layer.ts';
import { pathInRoot } from '../root-path.ts';
import type { StepContext } from '../step-context.ts';
import { runTool } from '../tool.ts';
import { biosBoot } from './bios-boot.ts';
import { earlyGrubConfig, GRUB_MODULES } from './grub-config.ts';
import { type DiskLayout, type Partition, SECTOR } from './layout.ts';
import type { GrubPlatform } from './platform.ts';

/** A disk under way: its file and what goes where. */
export interface DiskUnderWay {
  readonly file: string;
  readonly layout: DiskLayout;
  readonly rootUuid: string;
}

/** GRUB as one file, and for BIOS the code of the first sector. */
interface GrubImages {
  readonly core: string;
  readonly boot: string;
}

/** Make the disk boot: the ESP with all EFI platforms, the BIOS boot partition where there is one. */
export async function installBootLoader(
  disk: DiskUnderWay,
  platforms: readonly GrubPlatform[],
  context: StepContext,
): Promise<void> {
  const esp = `${disk.file}@@${disk.layout.esp.start * SECTOR}`;
  const serial = disk.layout.esp.uuid.slice(0, 8);
  const size = String(disk.layout.esp.size);
  await runTool(['mformat', '-i', esp, '-F', '-T', size, '-N', serial, '-v', 'ESP', '::'], context);
  await runTool(['mmd', '-i', esp, '::/EFI', '::/EFI/BOOT'], context);
  for (const platform of platforms) {
    const images = await makeGrub(platform, disk.rootUuid, context);
    const { efiPath } = platform;
    if (efiPath === undefined) await installForBios(disk, images);
    else await runTool(['mcopy', '-i', esp, images.core, `::/EFI/BOOT/${efiPath}`], context);
  }
}

async function installForBios({ file, layout }: DiskUnderWay, images: GrubImages): Promise<void> {
  const partition = layout.partitions.find(({ name }) => name === 'bios-boot');
  if (partition === undefined) throw new RangeError('Cannot install GRUB: there is no BIOS boot partition');
  const { masterBoot, core } = biosBoot({
    boot: await readFile(images.boot),
    core: await readFile(images.core),
    sector: partition.start,
    room: partition.size * SECTOR,
  });
  await writeAt(file, masterBoot, 0);
  await writeAt(file, core, offsetOf(partition));
}

function offsetOf({ start }: Partition): number {
  return start * SECTOR;
}

async function writeAt(file: string, bytes: Uint8Array, position: number): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.write(bytes, 0, bytes.length, position);
  } finally {
    await handle.close();
  }
}

/** By this machine's GRUB, or, where it has none of the platform, by the image's own. */
async function makeGrub(platform: GrubPlatform, uuid: string, context: StepContext): Promise<GrubImages> {
  const folder = join(context.workFolder, platform.name);
  await mkdir(folder);
  const paths = { core: join(folder, 'core.img'), boot: join(folder, 'boot.img') };
  const config = join(folder, 'early.cfg');
  await writeFile(config, earlyGrubConfig(uuid));
  if (await hasModules('/', platform)) {
    await runTool(mkimageArgv(platform, config, paths.core), context);
    if (platform.efiPath === undefined) await copyFile(`${modulesOf(platform)}/boot.img`, paths.boot);
  } else {
    await makeGrubInside(platform, { config, ...paths }, context);
  }
  return paths;
}

async function makeGrubInside(
  platform: GrubPlatform,
  files: GrubImages & { readonly config: string },
  context: StepContext,
): Promise<void> {
  const [config, core] = ['/run/bivouac-grub.cfg', '/run/bivouac-grub.img'];
  await withContainer(context, async (container) => {
    const { root } = container;
    if (!(await hasModules(root, platform)) || !(await isFile(root, '/usr/bin/grub-mkimage'))) {
      const reason = `neither this machine nor the image has GRUB for "${platform.name}"`;
      throw new AppError('unsupported', `Cannot make the disk bootable: ${reason}`, {
        remedy: `Install the Debian packages "grub-common" and "${platform.debianPackage}" on this machine or in the image`,
      });
    }
    await copyFile(files.config, await pathInRoot(root, config));
    const argv = mkimageArgv(platform, config, core);
    await container.run({ argv, environment: { LC_ALL: 'C' }, log: context.log, signal: context.signal });
    await copyFile(await pathInRoot(root, core), files.core);
    if (platform.efiPath === undefined) {
      await copyFile(await pathInRoot(root, `${modulesOf(platform)}/boot.img`), files.boot);
    }
  });
}

function mkimageArgv(platform: GrubPlatform, config: string, output: string) {
  const options = ['-O', platform.name, '-d', modulesOf(platform), '-c', config, '-p', '/boot/grub'];
  return ['grub-mkimage', ...options, '-o', output, ...platform.modules, ...GRUB_MODULES] as const;
}

function modulesOf({ name }: GrubPlatform): string {
  return `/usr/lib/grub/${name}`;
}

async function hasModules(root: string, platform: GrubPlatform): Promise<boolean> {
  return await isFile(root, `${modulesOf(platform)}/modinfo.sh`);
}

async function isFile(root: string, path: string): Promise<boolean> {
  const info = await stat(await pathInRoot(root, path)).catch(() => undefined);
  return info?.isFile() === true;
}
