import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../requirements.ts';
import { type CertificateFiles, makeCertificate } from '../servers/certificate.ts';
import { type Published, publish } from './published.ts';
import { ServerProcess } from './server-process.ts';
import { type DaemonSite, makeSite } from './site.ts';

const PORT = 8443;

describeWith(['root', 'setpriv', 'openssl', 'curl'], 'the whole server over TLS', () => {
  let site: DaemonSite;
  let server: ServerProcess;
  let published: Published;
  let files: CertificateFiles;

  beforeAll(async () => {
    site = makeSite();
    files = makeCertificate(site.folder);
    const text = readFileSync(site.config, 'utf8');
    const https = `  https: {port: ${PORT}, certificate: server.crt, key: server.key}\n`;
    writeFileSync(site.config, text.replace('  tftp:', `${https}  tftp:`));
    published = await publish(site);
    server = await ServerProcess.start(site);
  });

  afterAll(async () => {
    await server.kill();
    site.remove();
  });

  function layer(certificate: string): Buffer {
    const url = `https://server:${PORT}/artefacts/sha256/${published.layerHex}`;
    const to = ['--connect-to', `server:${PORT}:${site.address}:${PORT}`, '--cacert', certificate];
    return execFileSync('curl', ['--silent', '--fail', ...to, url], { maxBuffer: 1e6 });
  }

  function isTrusted(certificate: string): boolean {
    try {
      return layer(certificate).equals(published.layer);
    } catch {
      return false;
    }
  }

  test('serves artefacts, takes up another certificate without a restart, and keeps it when the next is bad (F17)', async () => {
    expect(isTrusted(files.certificate)).toBe(true);
    const next = makeCertificate(site.folder, 'server-next', 'server');
    copyFileSync(next.key, files.key);
    copyFileSync(next.certificate, files.certificate);
    server.signal('SIGHUP');
    await expect.poll(() => isTrusted(next.certificate), { timeout: 20_000 }).toBe(true);
    writeFileSync(files.certificate, 'no certificate');
    server.signal('SIGHUP');
    await expect
      .poll(() => server.complaints.map(({ msg }) => msg).join('\n'), { timeout: 20_000 })
      .toMatch(/certificate kept as it was: .*it is no certificate in PEM/);
    expect(isTrusted(next.certificate)).toBe(true);
    expect(await server.stop()).toBe(0);
  });

  test('is not started with a certificate that is none; the fault has its place', async () => {
    await expect(ServerProcess.start(site)).rejects.toThrow(
      /bivouac.yml:5:\d+.*Cannot use certificate .*it is no certificate in PEM/s,
    );
  });
});
