import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** MAC address of the client's card. */
export const CLIENT_MAC = '52:54:00:77:00:05';

/** A server and a client namespace, joined by one cable; the server has 10.77.0.1/24. */
export class TestNetwork {
  readonly server = `bootplane-s${process.pid}`;
  readonly client = `bootplane-c${process.pid}`;

  /** Make both namespaces. */
  up(): void {
    for (const name of [this.server, this.client]) {
      ip('netns', 'add', name);
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
    const peer = ['type', 'veth', 'peer', 'name', 'net0', 'netns', this.client];
    ip('link', 'add', 'net0', 'netns', this.server, ...peer);
    ip('-n', this.server, 'addr', 'add', '10.77.0.1/24', 'dev', 'net0');
    ip('-n', this.client, 'link', 'set', 'net0', 'address', CLIENT_MAC);
    for (const name of [this.server, this.client]) ip('-n', name, 'link', 'set', 'net0', 'up');
  }

  /** Remove both, with all that is in them. */
  down(): void {
    for (const name of [this.server, this.client]) spawnSync('ip', ['netns', 'del', name]);
  }

  /** Take every address off the client's card. */
  forget(): void {
    ip('-n', this.client, 'addr', 'flush', 'dev', 'net0');
  }

  /** Give the client an address by hand. */
  assign(address: string): void {
    ip('-n', this.client, 'addr', 'replace', `${address}/24`, 'dev', 'net0');
  }

  /** Change the largest packet that the cable carries. */
  mtu(octets: number): void {
    for (const space of [this.server, this.client]) {
      ip('-n', space, 'link', 'set', 'net0', 'mtu', String(octets));
    }
  }

  /** Run a program in the client's namespace; resolves to all it printed. */
  async inClient(program: string, ...args: readonly string[]): Promise<string> {
    const argv = ['netns', 'exec', this.client, program, ...args];
    const { stdout, stderr } = await run('ip', argv, { timeout: 30_000 });
    return stdout + stderr;
  }

  /** Start the boot plane in the server's namespace; resolves once it answers, to a function that stops it. */
  async serve(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly log: () => string; stop(): Promise<void> }> {
    const program = new URL('boot-plane.ts', import.meta.url).pathname;
    const child = spawn('ip', ['netns', 'exec', this.server, process.execPath, program, ...args], {
      env: { ...process.env, ...environment },
    });
    let output = '';
    const ready = Promise.withResolvers<undefined>();
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    void ended.then(() => ready.reject(new Error(`Cannot serve: ${output}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('"ready"')) ready.resolve(undefined);
      });
    }
    await ready.promise;
    const stop = async (): Promise<void> => {
      child.kill('SIGTERM');
      await ended;
    };
    return { log: () => output, stop };
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
