import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BuildSite } from '../../src/build/site.ts';
import { describeWith } from '../requirements.ts';
import { BUSYBOX_NEEDS } from './busybox-root.ts';
import { SourceFolder } from './source-folder.ts';
import { describeTree } from './tree-listing.ts';

const NEEDS = ['root', 'buildah', 'mksquashfs', 'unsquashfs', 'flock', 'setfattr', ...BUSYBOX_NEEDS];

describeWith([...NEEDS, 'curl', 'zstd'], 'a root that is downloaded', () => {
  let folder: SourceFolder;
  let site: BuildSite;
  let server: Server;
  let url: string;
  /** Ranges asked for, and after how many bytes the server drops the connection. */
  let asked: (string | undefined)[];
  let cutAfter: number[];

  beforeAll(async () => {
    folder = new SourceFolder();
    await folder.prepare();
    site = await folder.site();
    await folder.run('tar', '--create', '--zstd', '--xattrs', '--file=root.tar.zst', '-C', 'root', '.');
    await folder.run('sh', '-c', 'sha512sum root.tar.zst > SHA512SUMS');
    server = createServer((request, response) => {
      const name = (request.url ?? '').slice(1);
      if (name !== 'SHA512SUMS') asked.push(request.headers.range);
      sendPart(response, {
        file: join(folder.path, name),
        range: request.headers.range,
        cut: cutAfter.shift(),
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });

  beforeEach(() => {
    asked = [];
    cutAfter = [];
  });

  afterAll(async () => {
    server.close();
    await folder.remove();
  });

  const source = () => ({ url: `${url}/root.tar.zst`, sha512sums: `${url}/SHA512SUMS` });

  it('is fetched to its end though the connection breaks, checked and unpacked', async () => {
    cutAfter = [Number.POSITIVE_INFINITY, 200_000, 300_000];
    const outcome = await folder.build(source(), { site });
    expect(asked).toEqual([undefined, 'bytes=200000-', 'bytes=500000-']);
    expect(await folder.sumOf(outcome)).toBe((await describeTree(folder.root)).sum);
    expect(await folder.build(source(), { site })).toMatchObject({ stepsRun: 0 });
  });

  it('is not fetched again by a build of all anew while its sums are the same', async () => {
    await folder.build(source(), { site, fresh: true });
    expect(asked).toEqual([]);
  });

  it('is an error, and kept nowhere, when it is not what the sums say', async () => {
    const downloads = join(folder.data, 'sources/downloads');
    for (const name of readdirSync(downloads)) rmSync(join(downloads, name));
    const good = readFileSync(join(folder.path, 'root.tar.zst'));
    writeFileSync(join(folder.path, 'root.tar.zst'), Buffer.concat([good.subarray(0, -1), Buffer.of(0)]));
    await expect(folder.build(source(), { site, fresh: true })).rejects.toThrow(
      /its SHA-512 is [0-9a-f]{16}…, wanted/,
    );
    expect(readdirSync(downloads)).toEqual([]);
    writeFileSync(join(folder.path, 'root.tar.zst'), good);
  });

  it.each([
    [
      'is not named by the sums',
      { url: '/other.tar.zst', sha512sums: '/SHA512SUMS' },
      /no SHA-512 of "other\.tar\.zst"/,
    ],
    ['is not there', { url: '/missing.tar', sha512sums: '/SUMS' }, /Cannot download .*404/],
    [
      'has sums that are not there',
      { url: '/root.tar.zst', sha512sums: '/none' },
      /Cannot read the sums .*404/,
    ],
  ])('is an error when it %s', async (_what, { url: path, sha512sums }, reason) => {
    writeFileSync(join(folder.path, 'SUMS'), `${'0'.repeat(128)}  missing.tar\n`);
    const wanted = { url: `${url}${path}`, sha512sums: `${url}${sha512sums}` };
    await expect(folder.build(wanted, { site })).rejects.toThrow(reason);
  });
});

interface Part {
  readonly file: string;
  readonly range: string | undefined;
  /** Bytes after which the connection is dropped. */
  readonly cut: number | undefined;
}

function sendPart(response: ServerResponse, { file, range, cut = Number.POSITIVE_INFINITY }: Part): void {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) {
    response.writeHead(404).end();
    return;
  }
  const whole = readFileSync(file);
  const from = Number(/^bytes=([0-9]+)-$/.exec(range ?? '')?.[1] ?? 0);
  response.writeHead(range === undefined ? 200 : 206, {
    'Content-Length': whole.length - from,
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${from}-${whole.length - 1}/${whole.length}` }),
  });
  if (cut === Number.POSITIVE_INFINITY) response.end(whole.subarray(from));
  else response.write(whole.subarray(from, from + cut), () => response.destroy());
}
