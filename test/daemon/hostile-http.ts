/** A hostile request, the statuses that answer it well, and text that must not come back. */
export interface HttpRow {
  readonly name: string;
  readonly request: string;
  readonly statuses: readonly number[];
}

/** In place of a status: the connection was closed without a word. */
export const CLOSED = 0;

/** A refusal, or no answer but the end of the connection. */
const REFUSED = [CLOSED, 400, 404, 405, 408, 414, 417, 431, 501, 505] as const;

/** Rows F1 to F15 of the list of bad input; `path` is that of an artefact of `size` bytes. */
export function httpRows(host: string, path: string, size: number): readonly HttpRow[] {
  const get = (target: string, ...headers: readonly string[]): string =>
    [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...headers, '', ''].join('\r\n');
  const raw = (name: string, request: string, statuses: readonly number[] = REFUSED): HttpRow => ({
    name,
    request,
    statuses,
  });
  const range = (value: string, ...statuses: readonly number[]): HttpRow =>
    raw(`F1 range ${value.slice(0, 30)}`, get(path, `Range: ${value}`), statuses);
  const boot = (mac: string, ...statuses: readonly number[]): HttpRow =>
    raw(`F11 MAC ${mac.slice(0, 20)}`, get(`/boot/script/${mac}`), statuses);
  return [
    range('bytes=0-', 206),
    range('bytes=0-0', 206),
    range('bytes=-5', 206),
    range('bytes=-0', 416),
    range('bytes=5-2', 200, 416),
    range(`bytes=${size}-`, 416),
    range('bytes=x-y', 200, 416),
    range('bytes=18446744073709551616-', 200, 416),
    range(`bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-`).join(',')}`, 200, 206, 416),
    range('lines=1-2', 200),
    raw('F2 If-Range of another file', get(path, 'Range: bytes=0-9', 'If-Range: "other"'), [200]),
    raw('F4 HEAD', get(path).replace('GET', 'HEAD'), [200]),
    raw('F5 doubled slash', get(`/${path}`), [200]),
    raw('F6 HTTP/1.0', `GET ${path} HTTP/1.0\r\n\r\n`, [200, 400]),
    raw('F6 no host', `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`, [400]),
    raw('F6 absolute form', get(`http://${host}${path}`), [200, 400]),
    raw('F6 bare line feeds', `GET ${path} HTTP/1.1\nHost: x\n\n`, [400]),
    raw('F6 header of 1 MB', get(path, `X-Large: ${'x'.repeat(1_000_000)}`), [431]),
    raw('F6 10 000 headers', get(path, ...Array.from({ length: 10_000 }, (_, at) => `X-${at}: y`)), [431]),
    raw('F6 URL of 64 KB', get(`/${'x'.repeat(65_536)}`), [414, 431]),
    raw(
      'F7 length and chunks',
      `POST /boot/events HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc`,
      [400],
    ),
    raw(
      'F7 two lengths',
      'POST /boot/events HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
      [400],
    ),
    raw(
      'F7 unknown coding',
      'POST /boot/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\nabc',
      [400, 501],
    ),
    ...[
      '%2e%2e/%2e%2e/etc/passwd',
      '%252e%252e/etc/passwd',
      '%c0%ae%c0%ae/etc/passwd',
      '..\\..\\etc\\passwd',
      '%00',
      '../admin-token',
    ].map((way) => raw(`F10 traversal ${way}`, get(`/artefacts/sha256/${way}`), REFUSED)),
    ...['52:54:00:aa:bb', '52:54:00:aa:bb:01:02', 'f'.repeat(64), '%0d%0a', '%ff', '${IFS}'].map((mac) =>
      boot(mac, 400, 404),
    ),
    ...['52-54-00-AA-BB-01', '525400aabb01', '5254.00aa.bb01', '52%3a54%3a00%3aaa%3abb%3a01'].map((mac) =>
      boot(mac, 403),
    ),
    raw(
      'F12 forwarded addresses',
      get('/boot/script/52-54-00-aa-bb-01', `X-Forwarded-For: ${host}`, `Forwarded: for=${host}`),
      [403],
    ),
    raw(
      'F13 host of another',
      get('/boot/script/52-54-00-aa-bb-01').replace(host, 'evil${IFS}"example'),
      [400, 403],
    ),
    raw('F14 asks for gzip', get(path, 'Accept-Encoding: gzip'), [200]),
    raw('F15 expects something', get('/', 'Expect: 200-maybe'), [200, 417]),
    raw('F15 upgrade', get('/', 'Connection: Upgrade', 'Upgrade: h2c'), [200, 400]),
    ...['TRACE', 'CONNECT', 'BREW', 'PROPFIND'].map((method) =>
      raw(`F15 ${method}`, get('/').replace('GET', method), REFUSED),
    ),
    raw('F15 HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]),
    raw('no HTTP', '\u0016\u0003\u0001\u0002\u0000\u0001', [400]),
    raw(
      'G5 deep JSON without a token',
      `PUT /api/v1/hosts/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 50000\r\n\r\n${'['.repeat(50_000)}`,
      [401],
    ),
  ];
}
