import { readFile } from 'node:fs/promises';
import { type Cpu, cpuOfProcess } from '../core/arch.ts';
import { AppError } from '../core/errors.ts';
import type { ImageDefinition, ImageName } from '../core/image.ts';

/** The images as they are for one architecture. */
export function forArchitecture(images: readonly ImageDefinition[], cpu: Cpu): readonly ImageDefinition[] {
  return images.map((image) => {
    if (!image.architectures.includes(cpu)) return image;
    const { kernel: _other, ...rest } = image;
    const kernel = image.kernels?.[cpu] ?? image.kernel;
    return { ...rest, architecture: cpu, ...(kernel === undefined ? {} : { kernel }) };
  });
}

/** What a build of the image makes: all of its architectures, or the one asked for, which has to be one of them. */
export function wantedArchitectures(
  images: readonly ImageDefinition[],
  { image: name, architecture }: { readonly image: ImageName; readonly architecture?: Cpu | undefined },
): readonly Cpu[] {
  const image = images.find((each) => each.name === name);
  if (image === undefined || architecture === undefined) return image?.architectures ?? [];
  if (image.architectures.includes(architecture)) return [architecture];
  throw new AppError(
    'invalid-input',
    `Cannot build image "${name}" for ${architecture}: it is for ${image.architectures.join(', ')}`,
    {
      remedy: `Add "${architecture}" to its "arch" in images/config.yml, and to that of the images it is made from`,
    },
  );
}

/** Names of QEMU's user emulators where they differ. */
const EMULATORS: Partial<Record<Cpu, string>> = { amd64: 'x86_64', arm64: 'aarch64', ppc64el: 'ppc64le' };
const BINFMT = '/proc/sys/fs/binfmt_misc';

/** Fail, with what to install, unless this machine runs programs for the architecture, by itself or through binfmt and QEMU. */
export async function requireRunnable(cpu: Cpu): Promise<void> {
  const own = cpuOfProcess(process.arch);
  if (cpu === own || (cpu === 'i386' && own === 'amd64')) return;
  const emulator = `qemu-${EMULATORS[cpu] ?? cpu}`;
  const entry = await readFile(`${BINFMT}/${emulator}`, 'utf8').catch(() => '');
  const flags = /^flags: (.*)$/m.exec(entry)?.[1] ?? '';
  // F: the kernel opened the emulator when it was registered, so a root needs none of its own.
  if (entry.startsWith('enabled') && flags.includes('F')) return;
  throw new AppError(
    'unsupported',
    `Cannot run programs for ${cpu} on this machine: the kernel has no "${emulator}"`,
    {
      remedy: `Install qemu-user-static, binfmt-support and arch-test; in a container, mount ${BINFMT} of the host`,
    },
  );
}
