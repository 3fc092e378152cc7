import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandRunner, systemPath } from '../../../src/adapters/command.ts';
import { CommandError } from '../../../src/core/command-error.ts';
import type { Argv, RunningCommand } from '../../../src/ports/command.ts';
import { isListening, type ListeningPort, type Usage, usageOf } from './usage.ts';

/** The server's own address; the subnet has room for 20 000 clients and more. */
export const SERVER_ADDRESS = '10.64.0.1';
/** Address of the clients' side: their relay agent's. */
export const CLIENT_ADDRESS = '10.64.0.2';
/** The subnet that is served. */
export const SUBNET = { network: '10.64.0.0', mask: '255.254.0.0', prefix: 15 } as const;
/** Addresses for clients. */
export const POOL = { first: '10.64.16.0', last: '10.65.239.255' } as const;

/** A program that is measured, and how it shows that it answers. */
export interface ServerProgram {
  readonly name: string;
  readonly argv: Argv;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ready: ListeningPort | { readonly line: string };
}

/** A server under measurement. */
export interface RunningServer {
  readonly name: string;
  readonly usage: () => Usage;
  readonly stop: () => Promise<void>;
}

/** The two ends of the cable. */
type Side = 'server' | 'client';

const PREFIX = 'bv-bench-';
const START_MILLISECONDS = 60_000;
/** Servers and clients alike come before whatever else the machine does, in their session and among sessions. */
const AHEAD = [join(import.meta.dirname, 'ahead')] as const;

/**
 * Two network namespaces, joined by one cable, that nothing else is in, with a folder for what servers keep. The
 * folder is on the disk of this checkout: what is synced to it costs what it costs.
 */
export class Arena {
  readonly folder: string;
  readonly #signal: AbortSignal;
  readonly #namespaces = { server: `${PREFIX}${process.pid}-s`, client: `${PREFIX}${process.pid}-c` };
  #folders = 0;

  private constructor(folder: string, signal: AbortSignal) {
    this.folder = folder;
    this.#signal = signal;
  }

  /** Make it, below `folder`; once the signal is aborted, what runs in it is ended. */
  static async up(folder: string, signal: AbortSignal): Promise<Arena> {
    mkdirSync(folder, { recursive: true });
    await removeLeftovers(folder);
    const arena = new Arena(mkdtempSync(join(folder, `run-${process.pid}-`)), signal);
    try {
      await arena.#connect();
    } catch (error) {
      await arena.down();
      throw error;
    }
    return arena;
  }

  /** Remove it, with all that it holds. */
  async down(): Promise<void> {
    for (const name of Object.values(this.#namespaces))
      await commandRunner.run(['ip', 'netns', 'del', name]).catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A new folder of its own. */
  newFolder(name: string): string {
    const path = join(this.folder, `${name}-${this.#folders++}`);
    mkdirSync(path);
    return path;
  }

  /** Do the work while the clients' side speaks from another address of the subnet. */
  async speakingFrom<T>(address: string, work: () => Promise<T>): Promise<T> {
    const client = ['ip', '-n', this.#namespaces.client] as const;
    const route = ['route', 'replace', `${SUBNET.network}/${SUBNET.prefix}`, 'dev', 'net0', 'src'];
    const card = [`${address}/${SUBNET.prefix}`, 'dev', 'net0'];
    await commandRunner.run([...client, 'addr', 'add', ...card]);
    await commandRunner.run([...client, ...route, address]);
    try {
      return await work();
    } finally {
      await commandRunner.run([...client, ...route, CLIENT_ADDRESS]);
      await commandRunner.run([...client, 'addr', 'del', ...card]);
    }
  }

  /** Start a server; resolves once it answers. */
  async start({ name, argv, environment, ready }: ServerProgram): Promise<RunningServer> {
    const output: string[] = [];
    const running = await commandRunner.start(this.#inside('server', argv), {
      tethered: true,
      environment: { ...baseEnvironment(), ...environment },
      log: (line) => {
        output.push(line);
        if (output.length > 1000) output.splice(0, 500);
      },
    });
    const state = { ended: false };
    const end = (): void => void (state.ended = true);
    running.done.then(end, end);
    const answers = (): boolean =>
      'line' in ready ? output.some((line) => line.includes(ready.line)) : isListening(running.pid, ready);
    const timeUp = Date.now() + START_MILLISECONDS;
    while (!answers()) {
      if (state.ended || Date.now() > timeUp || this.#signal.aborted) {
        await running.stop();
        throw new Error(`Cannot start ${name}: ${output.slice(-10).join(' / ')}`);
      }
      await delay(20);
    }
    return serverOf(name, running);
  }

  /**
   * Run a client to its end, at the other end of the cable or beside the server, over its loopback device; resolves to
   * what it printed, whatever its exit code says.
   */
  async run(argv: Argv, side: Side = 'client'): Promise<string> {
    const lines: string[] = [];
    const options = {
      environment: baseEnvironment(),
      tethered: true,
      signal: this.#signal,
      log: (line: string) => void lines.push(line),
    };
    await commandRunner.run(this.#inside(side, argv), options).catch((error: unknown) => {
      if (error instanceof CommandError && error.failure.kind === 'exit' && lines.length > 0) return;
      throw error;
    });
    return lines.join('\n');
  }

  #inside(side: Side, argv: Argv): Argv {
    return ['ip', 'netns', 'exec', this.#namespaces[side], ...AHEAD, ...argv];
  }

  async #connect(): Promise<void> {
    const { server, client } = this.#namespaces;
    const ip = (...args: readonly string[]) => commandRunner.run(['ip', ...args]);
    for (const name of [server, client]) {
      await ip('netns', 'add', name);
      await ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    await ip('link', 'add', 'net0', 'netns', server, 'type', 'veth', 'peer', 'name', 'net0', 'netns', client);
    for (const [name, address] of [
      [server, SERVER_ADDRESS],
      [client, CLIENT_ADDRESS],
    ] as const) {
      await ip('-n', name, 'addr', 'add', `${address}/${SUBNET.prefix}`, 'dev', 'net0');
      await ip('-n', name, 'link', 'set', 'net0', 'up');
    }
  }
}

function serverOf(name: string, running: RunningCommand): RunningServer {
  return { name, usage: () => usageOf(running.pid), stop: () => running.stop() };
}

function baseEnvironment(): Record<string, string> {
  return { PATH: systemPath(), HOME: process.env['HOME'] ?? '/', LC_ALL: 'C.UTF-8' };
}

/** Remove what a bench left that was killed: its number is that of no process any more. */
async function removeLeftovers(folder: string): Promise<void> {
  const isLeft = (name: string): boolean => {
    const pid = /^(?:bv-bench|run)-(\d+)-/.exec(name)?.[1];
    return pid !== undefined && !existsSync(`/proc/${pid}`);
  };
  const { stdout } = await commandRunner.run(['ip', 'netns', 'list']);
  for (const [name = ''] of stdout.split('\n').map((line) => line.split(' '))) {
    if (name.startsWith(PREFIX) && isLeft(name)) await commandRunner.run(['ip', 'netns', 'del', name]);
  }
  for (const name of readdirSync(folder).filter(isLeft))
    rmSync(join(folder, name), { recursive: true, force: true });
}
