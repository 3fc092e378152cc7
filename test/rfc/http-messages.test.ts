import { describe, expect, it } from 'vitest';
import { HttpExchange, type Said } from './http-exchange.ts';

const http = new HttpExchange();

function ask(...fields: readonly string[]): Promise<Said> {
  return http.asking('GET', ...fields);
}

describe('RFC 9112: messages', () => {
  const GET = (): readonly string[] => [`GET ${http.path} HTTP/1.1`, 'Connection: close'];

  it.each([
    ['none', []],
    ['two', ['Host: x', 'Host: y']],
  ])('[RFC9112-3.2-host] %s Host in HTTP/1.1: 400', async (_name, fields) => {
    expect((await http.say(...GET(), ...fields)).status).toBe(400);
  });

  it('[RFC9112-3.2.2-absolute] a target in absolute form is served', async () => {
    expect(
      (await http.say(`GET http://elsewhere${http.path} HTTP/1.1`, 'Host: x', 'Connection: close')).status,
    ).toBe(200);
  });

  it('[RFC9112-5.1-blank] a blank before the colon: 400', async () => {
    expect((await http.say(...GET(), 'Host: x', 'Range : bytes=0-3')).status).toBe(400);
  });

  it('[RFC9112-5.2-fold] a folded line: 400, or read as one with blanks', async () => {
    const said = await http.say(...GET(), 'Host: x', 'Range: bytes=0', ' -3');
    expect([400, 200]).toContain(said.status);
  });

  it.each(['-1', '1x', '3, 4', '', '+3', '0x3'])(
    '[RFC9112-6.3-length] Content-Length %j: 400',
    async (length) => {
      expect((await http.say(...GET(), 'Host: x', `Content-Length: ${length}`)).status).toBe(400);
    },
  );

  it('[RFC9112-6.1-both] Transfer-Encoding beside Content-Length: the connection ends', async () => {
    const lines = [
      `GET ${http.path} HTTP/1.1`,
      'Host: x',
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
      '',
      '0',
      '',
      '',
    ];
    const text = await http.octets(`${lines.join('\r\n')}GET ${http.path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
  });

  it('[RFC9112-6.3-chunked-last] a Transfer-Encoding that does not end in chunked: 400', async () => {
    for (const coding of ['gzip', 'chunked, gzip', 'identity'])
      expect(
        (await http.say(`POST ${http.path} HTTP/1.1`, 'Host: x', `Transfer-Encoding: ${coding}`)).status,
      ).toBe(400);
  });

  it('[RFC9112-6.1-version] nobody gets a Transfer-Encoding who did not ask by HTTP/1.1', async () => {
    for (const target of [http.path, '/boot/nothing', '/'])
      expect((await http.say(`GET ${target} HTTP/1.0`)).fields.has('transfer-encoding')).toBe(false);
  });

  it('[RFC9112-6.2-length-only] no answer has both Content-Length and Transfer-Encoding', async () => {
    for (const said of [
      await ask(),
      await ask('Range: bytes=0-3,9-9'),
      await ask('Range: bytes=-0'),
      await http.asking('BREW'),
    ])
      expect(said.fields.has('content-length') && said.fields.has('transfer-encoding')).toBe(false);
  });

  it('[RFC9112-9.6-close] after "Connection: close" nothing more is answered', async () => {
    const one = `GET ${http.path} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3\r\nConnection: close\r\n\r\n`;
    const text = await http.octets(one + one);
    expect(text.match(/HTTP\/1\.1 206/g)).toHaveLength(1);
    expect(text.toLowerCase()).toContain('connection: close');
  });

  it('[RFC9112-9.3-persist] without it the connection stays, and answers come in the order of the requests', async () => {
    const get = (range: string, last = ''): string =>
      `GET ${http.path} HTTP/1.1\r\nHost: x\r\nRange: bytes=${range}\r\n${last}\r\n`;
    const text = await http.octets(get('0-0') + get('1-1') + get('2-2', 'Connection: close\r\n'));
    const ranges = [...text.matchAll(/content-range: bytes (\d)/gi)].map(([, at]) => at);
    expect(ranges).toEqual(['0', '1', '2']);
  });

  it('[RFC9112-3-target] a target that is too long is refused', async () => {
    const said = await http.say(`GET /${'a'.repeat(70_000)} HTTP/1.1`, 'Host: x', 'Connection: close');
    expect([414, 431]).toContain(said.status);
  });

  it.each([10_300, 15_000, 20_000])(
    '[RFC9112-3-414] a target of %i octets is answered by 414',
    async (length) => {
      const said = await http.say(`GET /${'a'.repeat(length)} HTTP/1.1`, 'Host: x', 'Connection: close');
      expect(said.status).toBe(414);
    },
  );

  it('a field that is too long is answered by 431', async () => {
    const said = await http.say('GET / HTTP/1.1', 'Host: x', `X-Y: ${'a'.repeat(20_000)}`);
    expect(said.status).toBe(431);
  });
});
