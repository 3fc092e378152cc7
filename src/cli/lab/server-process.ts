import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { commandRunner, systemPath } from '../../adapters/command.ts';
import type { Site } from '../../config/site.ts';
import { AppError } from '../../core/errors.ts';
import { inNetwork } from '../../lab/network.ts';
import type { RunningCommand } from '../../ports/command.ts';
import type { LabNetwork } from '../../ports/lab-network.ts';
import { READY } from '../serve.ts';

/** Where the server of a lab runs, and where its log goes. */
export interface LabPlace {
  readonly site: Site;
  readonly network: LabNetwork;
  /** Folder for logs and consoles. */
  readonly directory: string;
}

const START_SECONDS = 60;

/** Start `bivouac serve` inside the lab's network; resolves once it answers. It ends with this process. */
export async function startServer({ site, network, directory }: LabPlace): Promise<RunningCommand> {
  const logPath = join(directory, 'server.log');
  const log = await open(logPath, 'w', 0o600);
  const ready = Promise.withResolvers<'ready'>();
  const server = await commandRunner.start(
    [...inNetwork(network), process.execPath, mainProgram(), '--config', site.file, 'serve'],
    {
      tethered: true,
      environment: {
        PATH: systemPath(),
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
        BIVOUAC_DATA: site.directories.data,
      },
      log: (line) => {
        append(log, line);
        if (line.includes(READY)) ready.resolve('ready');
      },
    },
  );
  void server.done.catch(() => undefined).finally(() => log.close());
  const timeUp = delay(START_SECONDS * 1000, 'time is up', { ref: false });
  const first = await Promise.race([ready.promise, server.done.catch(() => 'ended'), timeUp]);
  if (first === 'ready') return server;
  await server.stop();
  throw new AppError('command-failed', 'Cannot start the server of the lab: it did not become ready', {
    remedy: `Its log is "${logPath}"`,
  });
}

/** The program that this process runs: `main.ts` in a checkout, `main.js` in a package. */
export function mainProgram(): string {
  const name = import.meta.url.endsWith('.ts') ? 'main.ts' : 'main.js';
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

function append(log: FileHandle, line: string): void {
  log.appendFile(`${line}\n`).catch(() => undefined);
}
