/** What the boot menu of a disk needs to know. */
export interface GrubMenu {
  readonly title: string;
  readonly rootUuid: string;
  readonly kernelVersion: string;
  readonly cmdline: readonly string[];
}

/** Seconds to press a key in. */
const TIMEOUT = 1;

/** Modules of GRUB for all platforms: with them inside, a disk needs no folder of modules. */
export const GRUB_MODULES = [
  ...['part_gpt', 'fat', 'ext2', 'search', 'search_fs_uuid', 'normal', 'configfile', 'linux', 'gzio'],
  ...['serial', 'terminal', 'echo', 'test', 'boot', 'reboot', 'halt', 'minicmd', 'ls', 'cat'],
] as const;

/** `grub.cfg` on the root: one entry, and the serial port where the kernel uses one. */
export function grubConfig({ title, rootUuid, kernelVersion, cmdline }: GrubMenu): string {
  const kernel = [`/boot/vmlinuz-${kernelVersion}`, `root=UUID=${rootUuid}`, 'ro', ...cmdline];
  return [
    'set default=0',
    `set timeout=${TIMEOUT}`,
    ...serialLines(cmdline),
    `menuentry ${grubQuote(title)} {`,
    `  search --no-floppy --fs-uuid --set=root ${rootUuid}`,
    `  linux ${kernel.map(grubQuote).join(' ')}`,
    `  initrd /boot/initrd.img-${kernelVersion}`,
    '}',
    '',
  ].join('\n');
}

/** Configuration inside GRUB's own image: find the root by its UUID, then go on there. */
export function earlyGrubConfig(rootUuid: string): string {
  return [
    `search --no-floppy --fs-uuid --set=root ${rootUuid}`,
    'set prefix=($root)/boot/grub',
    'configfile ($root)/boot/grub/grub.cfg',
    '',
  ].join('\n');
}

function serialLines(cmdline: readonly string[]): readonly string[] {
  const ports = cmdline.flatMap((argument) => {
    const match = /^console=ttyS([0-3])(?:,([0-9]{1,7}))?/.exec(argument);
    return match === null ? [] : [{ unit: match[1] ?? '0', speed: match[2] ?? '9600' }];
  });
  const port = ports.at(-1);
  if (port === undefined) return [];
  return [
    `serial --unit=${port.unit} --speed=${port.speed}`,
    'terminal_input console serial',
    'terminal_output console serial',
  ];
}

/** GRUB's shell reads single quotes as sh does. */
function grubQuote(text: string): string {
  return /^[A-Za-z0-9/=._:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
