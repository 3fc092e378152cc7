import { afterAll, beforeAll } from 'vitest';
import { serveArtefact } from '../servers/artefact-fixture.ts';
import type { BootServer } from '../servers/boot-server.ts';

/** An answer as it stands on the wire. */
export interface Said {
  readonly status: number;
  /** Fields by lower-case name, all values of each. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly body: string;
}

/** A server with one artefact, for all tests of a file. */
export class HttpExchange {
  path = '';
  etag = '';
  #server: BootServer | undefined;

  constructor() {
    beforeAll(async () => {
      const { server, hex, etag } = await serveArtefact();
      this.#server = server;
      this.path = `/artefacts/sha256/${hex}`;
      this.etag = etag;
    });
    afterAll(() => this.#server?.stop());
  }

  /** All that the server sends for these octets until it closes. */
  async octets(text: string): Promise<string> {
    return (await this.#server?.rawAnswer(text)) ?? '';
  }

  /** The answer to a request that ends the connection. */
  async say(...lines: readonly string[]): Promise<Said> {
    return readAnswer(await this.octets(`${lines.join('\r\n')}\r\n\r\n`));
  }

  /** The answer to a request for the artefact. */
  asking(method: string, ...fields: readonly string[]): Promise<Said> {
    return this.say(`${method} ${this.path} HTTP/1.1`, 'Host: x', 'Connection: close', ...fields);
  }
}

/** Status, fields and content of an answer. */
export function readAnswer(text: string): Said {
  const end = text.indexOf('\r\n\r\n');
  const [status = '', ...lines] = text.slice(0, end).split('\r\n');
  const fields = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  return { status: Number(status.split(' ')[1]), fields, body: text.slice(end + 4) };
}
