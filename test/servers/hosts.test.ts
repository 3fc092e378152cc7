import { expect, test } from 'vitest';
import { aHost, aSite, hostName, ip, mac } from '../builders.ts';
import { json, jsonList, startApi } from './api.ts';

const DB1 = { mac: '52-54-00-AA-00-01', image: 'web', address: '10.77.0.50', variables: { rack: 7 } };

test('a host is registered, shown, listed, changed and removed', async () => {
  const api = await startApi();
  const created = await api.sendJson('PUT', '/api/v1/hosts/db1', DB1);
  expect(created.status).toBe(201);
  const host = await json(created);
  expect(host).toEqual({
    name: 'db1',
    macs: ['52:54:00:aa:00:01'],
    address: '10.77.0.50',
    image: 'web',
    channel: 'stable',
    cmdline: [],
    variables: { rack: 7 },
    source: { kind: 'api' },
  });
  expect(await json(api.call('/api/v1/hosts/db1'))).toEqual(host);
  expect((await jsonList(api.call('/api/v1/hosts'))).map((one) => one.name)).toEqual(['web01', 'db1']);
  const changed = await api.sendJson('PUT', '/api/v1/hosts/DB1', { ...DB1, image: 'base' });
  expect([changed.status, (await json(changed)).image]).toEqual([200, 'base']);
  expect((await api.call('/api/v1/hosts/db1', { method: 'DELETE' })).status).toBe(204);
  expect((await api.call('/api/v1/hosts/db1', { method: 'DELETE' })).status).toBe(404);
  expect((await api.call('/api/v1/hosts/db1')).status).toBe(404);
});

test('hosts are found by any spelling of a MAC, and by image', async () => {
  const api = await startApi();
  await api.sendJson('PUT', '/api/v1/hosts/db1', { ...DB1, image: 'base' });
  const names = async (query: string) =>
    (await jsonList(api.call(`/api/v1/hosts?${query}`))).map((host) => host.name);
  for (const spelling of ['52:54:00:aa:00:01', '52-54-00-AA-00-01', '5254.00aa.0001', '525400aa0001']) {
    expect(await names(`mac=${spelling}`)).toEqual(['db1']);
  }
  expect(await names('image=web')).toEqual(['web01']);
  expect(await names('mac=52:54:00:00:00:00')).toEqual([]);
  expect((await api.call('/api/v1/hosts?mac=nonsense')).status).toBe(400);
  expect((await api.call('/api/v1/hosts?macc=x')).status).toBe(400);
});

test('a MAC of another host is a conflict that names its owner, of a file or of the API', async () => {
  const api = await startApi();
  const ofFile = await api.sendJson('PUT', '/api/v1/hosts/db1', { ...DB1, mac: '525400770001' });
  expect(ofFile.status).toBe(409);
  expect(await json(ofFile)).toMatchObject({
    code: 'conflict',
    detail:
      'Cannot register host "db1": the MAC "52:54:00:77:00:01" belongs to host "web01" of file "hosts/web01.yml"',
  });
  await api.sendJson('PUT', '/api/v1/hosts/db1', DB1);
  const ofApi = await api.sendJson('PUT', '/api/v1/hosts/db2', { ...DB1, address: undefined });
  expect([ofApi.status, (await json(ofApi)).detail]).toEqual([
    409,
    'Cannot register host "db2": the MAC "52:54:00:aa:00:01" belongs to host "db1"',
  ]);
  const address = await api.sendJson('PUT', '/api/v1/hosts/db2', { ...DB1, mac: '52:54:00:aa:00:02' });
  expect([address.status, (await json(address)).detail]).toEqual([
    409,
    'Cannot register host "db2": the address "10.77.0.50" belongs to host "db1"',
  ]);
});

test('a host of a file is changed in its file only', async () => {
  const api = await startApi();
  const put = await api.sendJson('PUT', '/api/v1/hosts/web01', DB1);
  expect([put.status, (await json(put)).detail]).toEqual([
    409,
    'Cannot register host "web01": the file "hosts/web01.yml" declares it',
  ]);
  expect((await api.call('/api/v1/hosts/web01', { method: 'DELETE' })).status).toBe(409);
});

test.each([
  [{ ...DB1, image: 'wbe' }, 'there is no image "wbe"'],
  [{ ...DB1, address: '10.78.0.1' }, 'it is outside the subnet 10.77.0.0/24'],
  [{ ...DB1, address: '10.77.0.1' }, "it is the server's own"],
  [{ ...DB1, mac: '52:54:00' }, '"mac": wanted six octets'],
  [{ ...DB1, mac: 7 }, '"mac": wanted'],
  [{ image: 'web' }, 'no MAC is given'],
  [{ ...DB1, macs: ['52:54:00:aa:00:09'] }, 'both "mac" and "macs" are given'],
  [{ image: 'web', macs: ['52:54:00:aa:00:09', '525400aa0009'] }, 'a MAC is given twice'],
  [{ ...DB1, macc: 1 }, 'unknown keys ["macc"]'],
  [{ mac: DB1.mac }, 'image'],
  [{ ...DB1, cmdline: ['a b'] }, '"cmdline.0": wanted one kernel argument'],
  [{ ...DB1, cmdline: ['init=${x}'] }, '"cmdline.0": wanted one kernel argument'],
  ['[]', 'The body: wanted an object'],
  ['null', 'The body: wanted an object'],
])('a bad body is refused: %j', async (body, reason) => {
  const api = await startApi();
  const answer = await api.sendJson('PUT', '/api/v1/hosts/db1', body);
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect((await json(answer)).detail).toContain(reason);
  expect(await api.hosts.list()).toEqual([]);
});

// Row G5.
test.each([
  ['{"mac":"52:54:00:aa:00:01","image":"web","__proto__":{"x":1}}', 'the key "__proto__" is not allowed'],
  [
    '{"mac":"52:54:00:aa:00:01","image":"web","variables":{"a":{"constructor":{}}}}',
    '"constructor" is not allowed',
  ],
  [
    '{"mac":"52:54:00:aa:00:01","image":"web","variables":{"\\u005f_proto__":1}}',
    '"__proto__" is not allowed',
  ],
  ['{"mac":"52:54:00:aa:00:01","mac":"52:54:00:aa:00:02","image":"web"}', 'the key "mac" is given twice'],
  [`{"image":"web","variables":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`, 'nested more than 64 deep'],
  ['['.repeat(100_000), 'nested more than 64 deep'],
  ['{"mac":"52:54:00:aa:00:01","image":"web","variables":{"a":NaN}}', 'it is no JSON'],
  ['{"image":"\\ud800"}', 'half a character'],
  ['{"image":"web"', 'it is no JSON'],
  ['', 'body'],
])('hostile JSON is refused: %#', async (body, reason) => {
  const api = await startApi();
  const answer = await api.sendJson('PUT', '/api/v1/hosts/db1', body);
  expect(answer.status).toBe(400);
  expect((await json(answer)).detail).toContain(reason);
  expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
});

test('quotes that never end are read in linear time', async () => {
  const api = await startApi();
  const started = performance.now();
  const answer = await api.sendJson('PUT', '/api/v1/hosts/db1', `"${'\\"'.repeat(120_000)}`);
  expect(answer.status).toBe(400);
  expect(performance.now() - started).toBeLessThan(1000);
});

test('bytes that are no UTF-8, another type and too much are refused', async () => {
  const api = await startApi();
  const put = (body: RequestInit['body'], type: string) =>
    api.call('/api/v1/hosts/db1', { method: 'PUT', body: body ?? null, headers: { 'content-type': type } });
  expect((await put(Uint8Array.of(0x22, 0xff, 0x22), 'application/json')).status).toBe(400);
  expect((await put('mac=1', 'application/x-www-form-urlencoded')).status).toBe(415);
  expect((await put('x'.repeat(300_000), 'application/json')).status).toBe(413);
});

// Row G9.
test('of many requests for one MAC one wins, and the rest are told by whom', async () => {
  const api = await startApi();
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) =>
      api.sendJson('PUT', `/api/v1/hosts/h${index}`, { mac: '52:54:00:aa:00:01', image: 'web' }),
    ),
  );
  const statuses = answers.map((answer) => answer.status).sort();
  expect(statuses).toEqual([201, ...Array<number>(29).fill(409)]);
  expect(await api.hosts.list()).toHaveLength(1);
});

test('an edit is in effect in the next answer, also one of another process', async () => {
  const api = await startApi({ site: aSite({ hosts: [] }) });
  expect(await jsonList(api.call('/api/v1/hosts'))).toEqual([]);
  const { address: _, ...host } = aHost({ name: hostName('x'), macs: [mac()], source: { kind: 'api' } });
  await api.hosts.put(host);
  expect(await jsonList(api.call('/api/v1/hosts'))).toHaveLength(1);
  await api.hosts.put({ ...host, address: ip('10.77.0.60') });
  expect((await json(api.call('/api/v1/hosts/x'))).address).toBe('10.77.0.60');
});

test('a host name in a path is checked', async () => {
  const api = await startApi();
  for (const name of ['a_b', '-a', 'a.b', '%00', '%0a', 'x'.repeat(64)]) {
    expect((await api.call(`/api/v1/hosts/${name}`)).status, name).toBe(400);
  }
});
