import { existsSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../core/command-error.ts';
import { AppError } from '../core/errors.ts';
import type { Accelerator } from '../lab/accelerator.ts';
import { firmwareKind } from '../lab/firmware.ts';
import { inNetwork } from '../lab/network.ts';
import { qemuArguments, type VirtualHostPaths } from '../lab/qemu-arguments.ts';
import type { CommandRunner, RunningCommand } from '../ports/command.ts';
import type { LabNetwork } from '../ports/lab-network.ts';
import type { PoweredHost, VirtualHost, VirtualHosts } from '../ports/virtual-host.ts';
import { followFile } from './qemu-console.ts';
import { EMULATORS } from './qemu-program.ts';

// unix(7): sun_path has 108 bytes, the last a zero.
const SOCKET_PATH_LIMIT = 107;

/** What virtual hosts run with. */
export interface QemuOptions {
  readonly commands: CommandRunner;
  readonly accelerator: Accelerator;
  /** Folder for consoles and firmware variables; one folder below it for each host. */
  readonly directory: string;
}

/** Virtual hosts emulated by QEMU, each in the lab's network namespace; needs root. */
export class QemuHosts implements VirtualHosts {
  private readonly options: QemuOptions;

  constructor(options: QemuOptions) {
    this.options = options;
  }

  async powerOn(host: VirtualHost, network: LabNetwork): Promise<PoweredHost> {
    const { commands, accelerator, directory } = this.options;
    const paths = await preparePaths(host, join(directory, host.name));
    const emulator = EMULATORS[firmwareKind(host.firmware).cpu];
    const qemu = [emulator, ...qemuArguments(host, paths, accelerator.kind)];
    // Tethered: `ip netns exec` becomes QEMU, which the kernel then kills when this process is gone.
    const running = await commands.start([...inNetwork(network), ...qemu], { tethered: true });
    const powered = poweredHost(host, paths, running);
    await consoleReady(powered);
    return powered;
  }
}

async function preparePaths(host: VirtualHost, directory: string): Promise<VirtualHostPaths> {
  const paths = {
    consoleLog: join(directory, 'console.log'),
    consoleSocket: join(directory, 'console'),
    variables: join(directory, 'variables.fd'),
  };
  if (Buffer.byteLength(paths.consoleSocket) > SOCKET_PATH_LIMIT) {
    throw new AppError(
      'invalid-input',
      `Cannot switch on "${host.name}": path of its console is longer than ${SOCKET_PATH_LIMIT} bytes: "${paths.consoleSocket}"`,
      { remedy: 'Choose a shorter data directory' },
    );
  }
  await mkdir(directory, { recursive: true });
  await rm(paths.consoleSocket, { force: true });
  // There from the start, for those who follow it.
  await writeFile(paths.consoleLog, '');
  const { flash } = firmwareKind(host.firmware);
  if (flash !== undefined) await copyFile(flash.variables, paths.variables);
  return paths;
}

function poweredHost(host: VirtualHost, paths: VirtualHostPaths, running: RunningCommand): PoweredHost {
  let isOff = false;
  const off = running.done
    .then(() => undefined, ignoreStop)
    .finally(async () => {
      isOff = true;
      await rm(paths.consoleSocket, { force: true });
    });
  // Someone may look at it later, or only at `powerOff`.
  off.catch(() => undefined);
  return {
    host,
    pid: running.pid,
    consoleLog: paths.consoleLog,
    consoleSocket: paths.consoleSocket,
    console: () => followFile(paths.consoleLog, () => isOff),
    off,
    powerOff: async () => {
      await running.stop();
      await off.catch(() => undefined);
    },
  };
}

/** Wait until a person could attach, so that its path may be shown; no longer than the emulator lives. */
async function consoleReady({ consoleSocket, off }: PoweredHost): Promise<void> {
  const ended = new AbortController();
  off.catch(() => undefined).finally(() => ended.abort());
  while (!ended.signal.aborted && !existsSync(consoleSocket)) await Promise.race([delay(20), off]);
}

/** A host that was switched off by us, or by a signal to its emulator, is off and no fault. */
function ignoreStop(error: unknown): void {
  if (error instanceof CommandError && ['aborted', 'killed'].includes(error.failure.kind)) return;
  throw error;
}
