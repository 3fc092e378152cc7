import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestHex } from '../../src/core/artefact.ts';
import { FakeArtefactStore } from '../fakes/artefact-store.ts';
import { describeWith } from '../requirements.ts';
import { temporaryFolder } from '../temporary.ts';
import { BootServer } from './boot-server.ts';
import { type CertificateFiles, makeCertificate, pairOf } from './certificate.ts';
import { exchange } from './raw.ts';

const run = promisify(execFile);
const CONTENT = randomBytes(24_000_001);
const GET = 'GET /boot/script/52-54-00-77-00-01 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

describeWith(['openssl', 'curl'], 'HTTP over TLS', () => {
  let folder: string;
  let files: CertificateFiles;
  let server: BootServer;
  let path: string;

  beforeEach(async () => {
    folder = temporaryFolder();
    files = makeCertificate(folder);
    const artefacts = new FakeArtefactStore();
    path = `/artefacts/sha256/${digestHex((await artefacts.putBytes(CONTENT)).digest)}`;
    server = await BootServer.start({
      artefacts,
      tls: pairOf(files),
      limits: { headersTimeout: 1000 },
    });
  });

  afterEach(() => server.stop());

  /** What `openssl s_client` gets for a request, with these options; its complaint where the handshake fails. */
  function client(...options: readonly string[]): Promise<string> {
    return new Promise((resolve) => {
      const args = ['s_client', '-connect', `127.0.0.1:${server.tlsPort}`, '-quiet', ...options];
      const child = execFile('openssl', args, { timeout: 10_000 }, (_error, out, complaint) =>
        resolve(out === '' ? complaint : out),
      );
      child.stdin?.on('error', () => undefined);
      child.stdin?.write(GET);
    });
  }

  function peer(): Promise<DetailedPeerCertificate> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port: server.tlsPort, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate(true));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }

  it('serves the same as plain HTTP, which goes on', async () => {
    const out = join(folder, 'out');
    const base = `https://127.0.0.1:${server.tlsPort}`;
    await run('curl', [
      '--silent',
      '--fail',
      '--cacert',
      files.certificate,
      '--output',
      out,
      `${base}${path}`,
    ]);
    const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(sum(readFileSync(out))).toBe(sum(CONTENT));
    expect((await server.ask(path)).body.equals(CONTENT)).toBe(true);
    const part = ['--range', '10-19,2000000-2000009', '--output', out];
    await run('curl', ['--silent', '--fail', '--cacert', files.certificate, ...part, `${base}${path}`]);
    expect(readFileSync(out, 'latin1')).toContain(CONTENT.toString('latin1', 2_000_000, 2_000_010));
  });

  it('gives firmware URLs of plain HTTP', async () => {
    expect(await client('-tls1_2')).toContain('http://10.77.0.1/artefacts/');
  });

  it.each([
    ['TLS 1.3', ['-tls1_3']],
    ['TLS 1.2', ['-tls1_2']],
    ['no server name', ['-noservername']],
    ['an RSA key exchange as iPXE has it', ['-tls1_2', '-cipher', 'AES128-SHA256']],
    ['AES-256 in CBC mode', ['-tls1_2', '-cipher', 'AES256-SHA']],
    ['records of 512 bytes', ['-tls1_2', '-max_send_frag', '512']],
    ['a name of somebody else', ['-servername', 'other.example']],
  ])('answers a client with %s (F16)', async (_name, options) => {
    expect(await client(...options)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it.each([
    ['TLS 1.1', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']],
    ['TLS 1.0', ['-tls1', '-cipher', 'ALL:@SECLEVEL=0']],
    ['ciphers without a key', ['-tls1_2', '-cipher', 'aNULL:@SECLEVEL=0']],
    ['a clock of 1970', ['-attime', '1000', '-verify_return_error']],
  ])('refuses a client with %s, and no other (F16)', async (_name, options) => {
    expect(await client(...options)).not.toContain('HTTP/1.1');
    expect(await client()).toContain('HTTP/1.1 200 OK');
  });

  it('closes connections that speak something else, or nothing (F16)', async () => {
    expect(await exchange(server.tlsPort, GET)).not.toContain('200 OK');
    expect(await exchange(server.tlsPort, randomBytes(500))).not.toContain('HTTP');
    const silent = connectPlain(server.tlsPort, '127.0.0.1').resume();
    const half = connectPlain(server.tlsPort, '127.0.0.1').resume();
    half.write(Buffer.from([0x16, 0x03, 0x01, 0x02]));
    await Promise.all([silent, half].map((socket) => once(socket, 'close')));
    expect(await client()).toContain('HTTP/1.1 200 OK');
    expect(server.log.filter((line) => /"level":"(warn|error)"/.test(line))).toEqual([]);
  });

  it('does not negotiate anew (F16)', async () => {
    const socket = connect({
      port: server.tlsPort,
      host: '127.0.0.1',
      maxVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', () => resolve('closed')));
    const again = new Promise(
      (resolve) => void socket.renegotiate({}, (error) => resolve(error === null ? 'negotiated' : 'refused')),
    );
    const refused = sleep(500, 'refused');
    expect(await Promise.race([again, closed, refused])).not.toBe('negotiated');
    socket.destroy();
    expect(await client()).toContain('HTTP/1.1 200 OK');
  });

  it('takes another certificate for new connections while old ones go on (F17)', async () => {
    expect((await peer()).subject.CN).toBe('server');
    const slow = run('curl', [
      ...['--silent', '--fail', '--insecure', '--limit-rate', '12M', '--output', join(folder, 'slow')],
      `https://127.0.0.1:${server.tlsPort}${path}`,
    ]);
    await expect.poll(() => server.delivery.stats().underWay).toBe(1);
    server.server.renew(pairOf(makeCertificate(folder, 'next')));
    expect((await peer()).subject.CN).toBe('next');
    await slow;
    expect(readFileSync(join(folder, 'slow')).equals(CONTENT)).toBe(true);
  });

  it('keeps what it has when the other is none', async () => {
    const other = makeCertificate(folder, 'other');
    const mixed = { ...pairOf(files), key: pairOf(other).key };
    expect(() => server.server.renew(mixed)).toThrow();
    expect((await peer()).subject.CN).toBe('server');
  });
});
