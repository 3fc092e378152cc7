import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commandRunner } from '../../src/adapters/command.ts';

const ACCOUNT = 'builder:bivouac-test';
/** The account as htpasswd(1) writes it, by bcrypt. */
const HTPASSWD = 'builder:$2b$05$abcdefghijklmnopqrstuub54jyvKkVwcqSmqUEqD88qCOrgPaLhe';

/** Debian's docker-registry on loopback. */
export interface TestRegistry {
  readonly port: number;
  /** Credentials that it wants, as containers-auth.json(5). */
  readonly authFile: string;
  /** The `push` option of an image. */
  push(name: string): { readonly to: string; readonly auth_file: string; readonly verify_tls: boolean };
  /** How many requests it has answered. */
  requests(): number;
  stop(): Promise<void>;
}

/** Start a registry that keeps its data below a folder; at the port of an earlier one when it is given. */
export async function startRegistry(
  folder: string,
  earlier?: Pick<TestRegistry, 'port'>,
): Promise<TestRegistry> {
  const port = earlier?.port ?? (await freePort());
  const authFile = join(folder, 'auth.json');
  if (earlier === undefined) writeCredentials(authFile, port);
  const config = join(folder, 'registry.json');
  const accessLog = join(folder, 'registry.log');
  writeFileSync(accessLog, '');
  writeFileSync(config, JSON.stringify(configuration(folder, port)));
  const running = await commandRunner.start(['docker-registry', 'serve', config], {
    tethered: true,
    log: (line) => writeFileSync(accessLog, `${line}\n`, { flag: 'a' }),
  });
  await answering(port);
  return {
    port,
    authFile,
    push: (name) => ({
      to: `docker://127.0.0.1:${port}/test/${name}:1`,
      auth_file: authFile,
      verify_tls: false,
    }),
    requests: () => (readFileSync(accessLog, 'utf8').match(/"(?:PUT|POST|PATCH|HEAD) \/v2\//g) ?? []).length,
    stop: async () => {
      await running.stop();
      await running.done.catch(() => undefined);
    },
  };
}

/** YAML is a superset of JSON, and the registry reads YAML. */
function configuration(folder: string, port: number): object {
  mkdirSync(join(folder, 'registry'), { recursive: true });
  const htpasswd = join(folder, 'htpasswd');
  writeFileSync(htpasswd, `${HTPASSWD}\n`);
  return {
    version: '0.1',
    log: { accesslog: { disabled: false }, level: 'warn' },
    storage: { filesystem: { rootdirectory: join(folder, 'registry') } },
    auth: { htpasswd: { realm: 'test', path: htpasswd } },
    http: { addr: `127.0.0.1:${port}` },
  };
}

function writeCredentials(file: string, port: number): void {
  const auths = { [`127.0.0.1:${port}`]: { auth: Buffer.from(ACCOUNT).toString('base64') } };
  writeFileSync(file, JSON.stringify({ auths }), { mode: 0o600 });
}

/** A TCP port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Expected a port');
  return address.port;
}

async function answering(port: number): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer?.status === 401) return;
    if (attempt >= 200) throw new Error('The registry does not answer');
    await delay(100);
  }
}
