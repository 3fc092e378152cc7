import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandRunner } from '../../src/adapters/command.ts';
import { followFile } from '../../src/adapters/qemu-console.ts';
import { QEMU } from '../../src/adapters/qemu-program.ts';
import { firmwareKind } from '../../src/lab/firmware.ts';

/** A machine to boot, from a disk or from a kernel. */
export interface MachineOptions {
  /** A folder of its own. */
  readonly folder: string;
  readonly firmware?: 'bios' | 'uefi';
  readonly memoryMiB?: number;
  /** What QEMU is run by, such as to be in a network namespace. */
  readonly within?: readonly [string, ...string[]];
  /** More arguments of QEMU, such as drives. */
  readonly arguments: readonly string[];
}

/** A machine that was switched on. */
export interface Machine {
  /** The first line of the serial console, from power on, that matches; rejects when it is off before, or at the time limit. */
  line(pattern: RegExp, seconds?: number): Promise<string>;
  off(): Promise<void>;
}

/** QEMU without acceleration does a boot in 40 s on an idle machine, and in 200 s on a busy one. */
const PATIENCE_SECONDS = 900;

/** Arguments for a disk that keeps what is written to it in a file of its own; `size` makes it larger. */
export async function overlayDrive(folder: string, disk: string, size?: string): Promise<readonly string[]> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'overlay.qcow2');
  const { stdout } = await commandRunner.run(['qemu-img', 'info', '--output=json', disk]);
  const format = /"format": "(raw|qcow2)"/.exec(stdout)?.[1] ?? 'raw';
  const base = ['-q', '-f', 'qcow2', '-b', disk, '-F', format];
  await commandRunner.run(['qemu-img', 'create', ...base, file, ...(size === undefined ? [] : [size])]);
  return ['-drive', `if=virtio,format=qcow2,file=${file}`];
}

/** Switch a machine on. It ends with this process. */
export async function switchOn(options: MachineOptions): Promise<Machine> {
  const { folder, firmware = 'bios', memoryMiB = 768 } = options;
  mkdirSync(folder, { recursive: true });
  const console = join(folder, 'console.log');
  writeFileSync(console, '');
  const machine = [
    ...['-nodefaults', '-display', 'none', '-monitor', 'none', '-no-reboot'],
    ...['-machine', 'q35,vmport=off,graphics=off', '-cpu', 'max', '-accel', 'tcg,thread=multi,tb-size=256'],
    ...['-m', String(memoryMiB), '-smp', '1', '-serial', `file:${console}`],
    ...['-object', 'rng-random,id=rng0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng0'],
  ];
  const qemu = [QEMU, ...machine, ...flash(firmware, folder), ...options.arguments] as const;
  const argv = options.within === undefined ? qemu : ([...options.within, ...qemu] as const);
  const running = await commandRunner.start(argv, { tethered: true });
  let isOff = false;
  running.done.catch(() => undefined).finally(() => (isOff = true));
  return {
    line: (pattern, seconds = PATIENCE_SECONDS) => findLine({ console, pattern, seconds }, () => isOff),
    off: () => running.stop(),
  };
}

function flash(firmware: 'bios' | 'uefi', folder: string): readonly string[] {
  const kind = firmwareKind(firmware).flash;
  if (kind === undefined) return [];
  const variables = join(folder, 'variables.fd');
  copyFileSync(kind.variables, variables);
  return [
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${kind.code}`],
    ...['-drive', `if=pflash,format=raw,unit=1,file=${variables}`],
  ];
}

async function findLine(
  { console, pattern, seconds }: { console: string; pattern: RegExp; seconds: number },
  isOff: () => boolean,
): Promise<string> {
  const until = Date.now() + seconds * 1000;
  let text = '';
  for await (const chunk of followFile(console, () => isOff() || Date.now() > until)) {
    text += chunk;
    const line = text.split(/[\r\n]+/).find((each) => pattern.test(each));
    // A line is whole only when another follows.
    if (line !== undefined && !text.endsWith(line)) return line;
  }
  throw new Error(`The console never said ${pattern}; its end: ${text.slice(-2000)}`);
}
