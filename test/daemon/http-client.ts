import { request } from 'node:http';
import { connect } from 'node:net';
import type { DaemonSite } from './site.ts';

/** An answer, read whole. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  readonly text: string;
}

/** What to ask. */
export interface HttpQuestion {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Address to ask from. */
  readonly from?: string;
  /** Told of each piece of the body as it comes. */
  readonly onData?: (text: string) => void;
}

/** One request on a connection of its own. */
export function ask(site: DaemonSite, path: string, question: HttpQuestion = {}): Promise<HttpAnswer> {
  const { method = 'GET', json, from, onData } = question;
  const headers = {
    ...question.headers,
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: site.address,
        port: site.ports.http,
        path,
        method,
        headers,
        agent: false,
        ...(from === undefined ? {} : { localAddress: from }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          onData?.(chunk.toString());
        });
        response.on('error', reject);
        response.on('end', () => {
          const body = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body,
            text: body.toString(),
          });
        });
      },
    );
    sent.setTimeout(120_000, () => sent.destroy(new Error(`No answer to ${method} ${path}`)));
    sent.on('error', reject);
    sent.end(json === undefined ? undefined : JSON.stringify(json));
  });
}

/** One request to the API with the admin token. */
export function askApi(site: DaemonSite, path: string, question: HttpQuestion = {}): Promise<HttpAnswer> {
  const headers = { ...question.headers, authorization: `Bearer ${site.adminToken()}` };
  return ask(site, `/api/v1${path}`, { ...question, headers });
}

/** Send bytes that may be no HTTP at all; resolves to what came back until the end, or until `quiet` milliseconds without more. */
export function sendRaw(site: DaemonSite, bytes: string | Buffer, quiet = 1000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(site.ports.http, site.address);
    const chunks: Buffer[] = [];
    const end = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    for (const event of ['close', 'error'] as const) socket.on(event, end);
    socket.setTimeout(quiet, end);
    socket.write(bytes);
  });
}
