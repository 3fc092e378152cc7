import { connect } from 'node:net';
import { serveArtefact } from '../../servers/artefact-fixture.ts';
import type { Target } from '../fuzz.ts';

type Served = Awaited<ReturnType<typeof serveArtefact>>;

const ARTEFACT = `/artefacts/sha256/${'0'.repeat(64)}`;

function request(...lines: readonly string[]): Uint8Array {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Octets on connections to the whole HTTP side; the server is a real one on the loopback, one for all inputs. */
export function httpTarget(): Target {
  let served: Promise<Served> | undefined;
  let cases = 0;
  return {
    name: 'http',
    seeds: () => [
      [request(`GET ${ARTEFACT} HTTP/1.1`, 'Host: x', 'Range: bytes=0-3,5-9', 'If-Range: "x"')],
      [request('GET /boot/script/52-54-00-77-00-01 HTTP/1.1', 'Host: x', 'Connection: close')],
      [request('HEAD //boot/./script/525400770001 HTTP/1.0')],
      [
        request(
          'POST /boot/events/web01 HTTP/1.1',
          'Host: x',
          'Content-Type: application/json',
          'Content-Length: 2',
          '',
          '{}',
        ),
      ],
      [
        request('GET /images/web/stable/kernel HTTP/1.1', 'Host: x', 'Range: bytes=-5'),
        request('GET / HTTP/1.1', 'Host: y'),
      ],
      [request('POST /x HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked', '', '3', 'abc', '0')],
      [
        request(
          'OPTIONS * HTTP/1.1',
          'Host: x',
          'Expect: 100-continue',
          'Upgrade: h2c',
          'Authorization: Bearer x',
        ),
      ],
    ],
    check: async (input) => {
      served ??= serveArtefact();
      const { server, store } = await served;
      const answer = await exchange(server.port, input);
      if (/^HTTP\/1\.1 5\d\d/m.test(answer)) throw new Error(`The answer is ${answer.slice(0, 40)}`);
      if (answer !== '' && !/^HTTP\/1\.1 [1-4]\d\d /.test(answer)) throw new Error('The answer is no HTTP');
      // The next good client, now and then: each costs as much as a case.
      if (cases++ % 50 !== 0) return;
      const good = await server.ask('/images/web/stable/kernel', { headers: { range: 'bytes=0-9' } });
      if (good.status !== 206 || good.body.length !== 10)
        throw new Error(`The next client gets ${good.status}`);
      if (store.open_ > 4) throw new Error(`${store.open_} artefacts are open`);
    },
    stop: async () => (await served)?.server.stop(),
  };
}

/** All that the server sends for the messages, written one after the other, before the client's side is closed. */
function exchange(port: number, input: readonly Uint8Array[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => socket.destroy(new Error('The connection does not end')), 5000);
    socket.on('data', (chunk: Buffer) => {
      // Whole artefacts are sent to who asks for them: their head will do.
      if ((length += chunk.length) < 65_536) chunks.push(chunk);
      else socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString('latin1'));
    });
    for (const message of input) socket.write(message);
    socket.end();
  });
}
