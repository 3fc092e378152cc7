import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { READY } from '../../src/cli/serve.ts';
import type { DaemonSite } from './site.ts';

const MAIN = join(resolve(import.meta.dirname, '../..'), 'src/main.ts');
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
};
const START_MILLISECONDS = 30_000;
const run = promisify(execFile);

/** One line of the server's log. */
export interface LogRecord {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** `bivouac serve` as a process of its own. It dies with the test that started it. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals | null>;
  #output = '';
  #log = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#log += text));
    this.#ended = new Promise((done) => child.once('close', (code, signal) => done(signal ?? code)));
  }

  /** Start it; resolves once it says that it answers. */
  static async start({ config }: DaemonSite): Promise<ServerProcess> {
    const argv = ['--pdeathsig', 'KILL', process.execPath, MAIN, '--config', config, 'serve'];
    const child = spawn('setpriv', argv, { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new ServerProcess(child);
    const timeUp = Date.now() + START_MILLISECONDS;
    while (!server.output.includes(READY)) {
      const exit = await Promise.race([server.#ended, tick()]);
      if (exit !== undefined || Date.now() > timeUp) {
        await server.kill();
        throw new Error(`The server did not start (${String(exit)}): ${server.output}${server.log}`);
      }
    }
    return server;
  }

  /** All it wrote to standard output. */
  get output(): string {
    return this.#output;
  }

  /** All it wrote to standard error. */
  get log(): string {
    return this.#log;
  }

  get records(): readonly LogRecord[] {
    return this.#log.split('\n').flatMap((line) => (line === '' ? [] : [parseRecord(line)]));
  }

  /** Lines of the log that say that something is wrong. */
  get complaints(): readonly LogRecord[] {
    return this.records.filter(({ level }) => level === 'error' || level === 'warn' || level === 'fatal');
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resident memory in bytes. */
  get memory(): number {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** Open file descriptors. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.#pid}/fd`).length;
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error('The server was not started');
    return this.#child.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** End it as a power cut would; what it wrote before is complete when this resolves. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended;
  }

  /** End it in order; resolves to its exit code, or to the signal that ended it. */
  async stop(): Promise<number | NodeJS.Signals | null> {
    this.signal('SIGTERM');
    return this.#ended;
  }
}

/** Run one `bivouac` command on the site; resolves to its standard output. */
export async function bivouac({ config }: DaemonSite, ...args: readonly string[]): Promise<string> {
  const argv = [MAIN, '--config', config, ...args];
  return (await run(process.execPath, argv, { env: ENVIRONMENT, timeout: 60_000 })).stdout;
}

function parseRecord(line: string): LogRecord {
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return { level: 'error', msg: `no JSON: ${line}` };
  }
}

function tick(): Promise<undefined> {
  return new Promise((done) => setTimeout(() => done(undefined), 20));
}
