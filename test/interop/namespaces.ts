import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program that runs in a namespace until it is told to end. */
export interface Running {
  /** All that it printed. */
  readonly output: () => string;
  /** Resolves once it has printed the text, or rejects when it ends before. */
  readonly said: (text: string) => Promise<void>;
  readonly write: (line: string) => void;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly stop: () => Promise<void>;
}

/** Network namespaces and the cables between them, gone after a test. */
export class Namespaces {
  readonly #prefix: string;
  readonly #made: string[] = [];
  readonly #running = new Set<Running>();

  constructor(name: string) {
    this.#prefix = `bv-${name}${process.pid}`;
  }

  /** Make one; gives its name. */
  add(name: string): string {
    const full = `${this.#prefix}-${name}`;
    ip('netns', 'add', full);
    this.#made.push(full);
    for (const scope of ['all', 'default']) {
      const setting = `net.ipv6.conf.${scope}.disable_ipv6=1`;
      spawnSync('ip', ['netns', 'exec', full, 'sysctl', '-qw', setting]);
    }
    ip('-n', full, 'link', 'set', 'lo', 'up');
    return full;
  }

  /** A cable; both ends are up. */
  cable(
    one: readonly [space: string, device: string],
    other: readonly [space: string, device: string],
  ): void {
    const peer = ['type', 'veth', 'peer', 'name', other[1], 'netns', other[0]];
    ip('link', 'add', one[1], 'netns', one[0], ...peer);
    for (const [space, device] of [one, other]) ip('-n', space, 'link', 'set', device, 'up');
  }

  /** Run `ip` in a namespace. */
  ip(space: string, ...args: readonly string[]): void {
    ip('-n', space, ...args);
  }

  /** Run a program in a namespace; resolves to all it printed. */
  async run(space: string, ...argv: readonly string[]): Promise<string> {
    const { stdout, stderr } = await run('ip', ['netns', 'exec', space, ...argv], { timeout: 30_000 });
    return stdout + stderr;
  }

  /** Start a program in a namespace. */
  start(space: string, ...argv: readonly string[]): Running {
    const running = follow(spawn('ip', ['netns', 'exec', space, ...argv]));
    this.#running.add(running);
    return running;
  }

  /** End all programs and remove all namespaces. */
  async down(): Promise<void> {
    await Promise.all([...this.#running].map((each) => each.stop()));
    this.#running.clear();
    for (const name of this.#made.splice(0)) spawnSync('ip', ['netns', 'del', name]);
  }
}

function follow(child: ChildProcess): Running {
  let output = '';
  const waiting = new Map<string, PromiseWithResolvers<undefined>>();
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const heard = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const [text, { resolve }] of waiting) if (output.includes(text)) resolve(undefined);
  };
  child.stdout?.on('data', heard);
  child.stderr?.on('data', heard);
  return {
    output: () => output,
    said: async (text) => {
      const wait = Promise.withResolvers<undefined>();
      waiting.set(text, wait);
      heard(Buffer.alloc(0));
      void ended.then(() => wait.reject(new Error(`It ended and never said "${text}": ${output}`)));
      await wait.promise;
      waiting.delete(text);
    },
    write: (line) => child.stdin?.write(`${line}\n`),
    signal: (name) => child.kill(name),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
