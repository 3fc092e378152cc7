import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readCertificate } from '../../src/config/certificate.ts';
import { describeWith } from '../requirements.ts';
import { makeCertificate } from '../servers/certificate.ts';
import { temporaryFolder } from '../temporary.ts';
import { faultsOf, loadedSite } from './site-folder.ts';

function file(pair: { readonly certificate: string; readonly key: string }): { 'bivouac.yml': string } {
  const https = `server:\n  address: 10.77.0.1\n  https:\n    certificate: ${pair.certificate}\n    key: ${pair.key}\n`;
  return { 'bivouac.yml': `${https}dhcp: {subnets: [{subnet: 10.77.0.0/24}]}\n` };
}

describeWith(['openssl'], 'a certificate', () => {
  it('is taken with its key, at port 443 unless another is named', async () => {
    const pair = makeCertificate(temporaryFolder());
    expect((await loadedSite(file(pair))).web.https).toEqual({ port: 443, ...pair });
  });

  it('that does not fit its key is a fault where the key is named', async () => {
    const folder = temporaryFolder();
    const pair = makeCertificate(folder);
    copyFileSync(makeCertificate(folder, 'other').key, pair.key);
    expect(await faultsOf(file(pair))).toEqual([
      `bivouac.yml:5:10: Cannot use private key "${pair.key}": it is not the key of the certificate`,
    ]);
  });

  it('is read with what an operator wants to know of it', async () => {
    const folder = temporaryFolder();
    const pair = makeCertificate(folder);
    chmodSync(pair.key, 0o600);
    const reading = await readCertificate({ port: 443, ...pair });
    expect(reading).toMatchObject({
      ok: true,
      pair: { names: 'IP Address:127.0.0.1, DNS:server', isKeyExposed: false },
    });
    const swapped = { port: 443, certificate: pair.key, key: join(folder, 'none') };
    expect(await readCertificate({ ...swapped, key: pair.key })).toMatchObject({
      ok: false,
      at: 'certificate',
    });
    expect(await readCertificate(swapped)).toMatchObject({ ok: false, at: 'key' });
  });
});
