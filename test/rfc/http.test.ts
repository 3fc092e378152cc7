import { describe, expect, it } from 'vitest';
import { CONTENT } from '../servers/artefact-fixture.ts';
import { HttpExchange, readAnswer, type Said } from './http-exchange.ts';

const http = new HttpExchange();

function ask(...fields: readonly string[]): Promise<Said> {
  return http.asking('GET', ...fields);
}

describe('RFC 9110: methods and fields', () => {
  it('[RFC9110-9.1-general] GET and HEAD are served', async () => {
    expect([(await http.asking('GET')).status, (await http.asking('HEAD')).status]).toEqual([200, 200]);
  });

  it('[RFC9110-9.3.2-head] HEAD is answered without content', async () => {
    for (const target of [http.path, '/boot/nothing', '/'])
      expect((await http.say(`HEAD ${target} HTTP/1.1`, 'Host: x', 'Connection: close')).body).toBe('');
  });

  it('[RFC9110-8.6-head-length] with the length that GET has', async () => {
    expect((await http.asking('HEAD')).fields.get('content-length')).toEqual([String(CONTENT.length)]);
  });

  it('[RFC9110-8.6-length] a Content-Length is the length of the content', async () => {
    for (const said of [await ask(), await ask('Range: bytes=1-7'), await ask('Range: bytes=99999999-')])
      expect(said.fields.get('content-length')).toEqual([String(said.body.length)]);
  });

  it('[RFC9110-6.6.1-date] answers tell the date, in the form that is prescribed', async () => {
    const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;
    const tag = `If-None-Match: ${http.etag}`;
    for (const said of [
      await ask(),
      await ask('Range: bytes=0-3'),
      await ask(tag),
      await ask('Range: bytes=-0'),
    ]) {
      expect(said.fields.get('date')).toHaveLength(1);
      expect(said.fields.get('date')?.[0]).toMatch(date);
    }
  });

  it('[RFC9110-8.8.3-etag] an entity tag is quoted, and strong', async () => {
    expect((await ask()).fields.get('etag')?.[0]).toMatch(/^"[\x21\x23-\x7e]+"$/);
  });

  it('[RFC9110-15.2-no-1xx] a client of HTTP/1.0 gets no interim response', async () => {
    const said = await http.say(`GET ${http.path} HTTP/1.0`, 'Expect: 100-continue');
    expect(said.status).not.toBe(100);
  });
});

describe('RFC 9110 section 13: conditions', () => {
  it('[RFC9110-13.1.2-not-modified] If-None-Match with its tag: 304, weak tags compared too', async () => {
    for (const field of [http.etag, `W/${http.etag}`, `"x", ${http.etag}`, '*'])
      expect((await ask(`If-None-Match: ${field}`)).status).toBe(304);
    expect((await ask('If-None-Match: "x"')).status).toBe(200);
  });

  it('[RFC9110-15.4.5-fields] a 304 has no content, and the tag and caching fields of a 200', async () => {
    const [full, not] = [await ask(), await ask(`If-None-Match: ${http.etag}`)];
    expect(not.body).toBe('');
    for (const name of ['etag', 'cache-control', 'vary', 'expires', 'content-location'])
      expect(not.fields.get(name)).toEqual(full.fields.get(name));
  });

  it('[RFC9110-13.1.3-since] If-Modified-Since counts for nothing beside If-None-Match', async () => {
    const future = 'If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT';
    expect((await ask(future, 'If-None-Match: "x"')).status).toBe(200);
    expect((await ask('If-Modified-Since: no date')).status).toBe(200);
  });

  it('[RFC9110-13.2.2-order] If-None-Match goes before Range', async () => {
    expect((await ask('Range: bytes=0-3', `If-None-Match: ${http.etag}`)).status).toBe(304);
  });

  it('[RFC9110-13.1.5-if-range] Range counts only if If-Range names the strong tag', async () => {
    const range = 'Range: bytes=0-3';
    expect((await ask(range, `If-Range: ${http.etag}`)).status).toBe(206);
    for (const field of ['"x"', `W/${http.etag}`, 'Wed, 21 Oct 2015 07:28:00 GMT'])
      expect((await ask(range, `If-Range: ${field}`)).status).toBe(200);
  });

  it('[RFC9110-13.1.5-alone] If-Range without Range counts for nothing', async () => {
    expect((await ask(`If-Range: ${http.etag}`)).status).toBe(200);
  });
});

describe('RFC 9110 section 14: ranges', () => {
  it('[RFC9110-14.2-get-only] Range counts for GET only', async () => {
    const said = await http.asking('HEAD', 'Range: bytes=0-3');
    expect(said.status).toBe(200);
    expect(said.fields.has('content-range')).toBe(false);
  });

  it('[RFC9110-14.2-unit] a unit that is not known counts for nothing', async () => {
    expect((await ask('Range: items=0-3')).status).toBe(200);
  });

  it('[RFC9110-15.3.7-single] one range: 206 with Content-Range, and just those octets', async () => {
    const said = await ask('Range: bytes=100-199');
    expect(said.status).toBe(206);
    expect(said.fields.get('content-range')).toEqual([`bytes 100-199/${CONTENT.length}`]);
    expect(said.body).toBe(CONTENT.toString('latin1', 100, 200));
    expect(said.fields.get('content-type')?.[0]).not.toContain('multipart');
  });

  it('[RFC9110-15.3.7-fields] a 206 has the tag and caching fields of a 200', async () => {
    const [full, part] = [await ask(), await ask('Range: bytes=0-3')];
    for (const name of ['etag', 'cache-control', 'vary', 'expires', 'content-location'])
      expect(part.fields.get(name)).toEqual(full.fields.get(name));
  });

  it('[RFC9110-15.3.7.2-several] several: a multipart, Content-Range in each part and not in the header', async () => {
    const said = await ask('Range: bytes=0-3,1000000-1000009');
    expect(said.status).toBe(206);
    expect(said.fields.has('content-range')).toBe(false);
    const boundary = /^multipart\/byteranges; boundary="?([^";]+)"?$/.exec(
      said.fields.get('content-type')?.[0] ?? '',
    )?.[1];
    expect(boundary).toBeDefined();
    const parts = said.body
      .split(`--${boundary}`)
      .slice(1, -1)
      .map((part) => readAnswer(`x\r\n${part.slice(2)}`));
    expect(parts.map(({ fields }) => fields.get('content-range'))).toEqual([
      [`bytes 0-3/${CONTENT.length}`],
      [`bytes 1000000-1000009/${CONTENT.length}`],
    ]);
    expect(parts[0]?.body.slice(0, 4)).toBe(CONTENT.toString('latin1', 0, 4));
    expect(said.fields.get('content-length')).toEqual([String(said.body.length)]);
  });

  it('[RFC9110-15.5.17-unsatisfiable] a range that is not there: 416 that tells the size', async () => {
    const said = await ask(`Range: bytes=${CONTENT.length}-`);
    expect(said.status).toBe(416);
    expect(said.fields.get('content-range')).toEqual([`bytes */${CONTENT.length}`]);
  });
});
