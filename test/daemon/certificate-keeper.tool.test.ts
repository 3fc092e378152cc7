import { chmodSync, copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CertificatePair, readCertificate } from '../../src/config/certificate.ts';
import { CertificateKeeper } from '../../src/daemon/certificate-keeper.ts';
import { FakeClock } from '../fakes/clock.ts';
import { describeWith } from '../requirements.ts';
import { type CertificateFiles, makeCertificate } from '../servers/certificate.ts';
import { temporaryFolder } from '../temporary.ts';

const INTERVAL = 10;

describeWith(['openssl'], 'the keeper of the certificate (F17)', () => {
  let folder: string;
  let files: CertificateFiles;
  let keeper: CertificateKeeper;
  let names: string[];
  let log: string[];
  let clock: FakeClock;

  beforeEach(async () => {
    folder = temporaryFolder();
    files = makeCertificate(folder);
    names = [];
    log = [];
    clock = new FakeClock(Date.now());
    keeper = await start();
  });

  afterEach(() => keeper.stop());

  async function start(): Promise<CertificateKeeper> {
    const note = (level: string) => (fields: unknown, message?: string) =>
      void log.push(`${level}: ${message ?? String(fields)}`);
    return CertificateKeeper.start(
      {
        files: () => ({ port: 443, ...files }),
        renew: (pair) => void names.push(pair.names),
        logger: { info: note('info'), warn: note('warn'), error: note('error') },
        clock,
        interval: INTERVAL,
      },
      await read(),
    );
  }

  async function read(): Promise<CertificatePair> {
    const reading = await readCertificate({ port: 443, ...files });
    if (!reading.ok) throw new Error(reading.why);
    return reading.pair;
  }

  function replaceBy(other: CertificateFiles): void {
    copyFileSync(other.key, files.key);
    copyFileSync(other.certificate, files.certificate);
  }

  it('takes a pair that was replaced, once', async () => {
    replaceBy(makeCertificate(folder, 'next'));
    await expect.poll(() => log).toContain('info: certificate renewed');
    keeper.look();
    await keeper.stop();
    expect(names.length).toBe(1);
  });

  it('takes it at once on SIGHUP', async () => {
    replaceBy(makeCertificate(folder, 'next'));
    process.emit('SIGHUP');
    await expect.poll(() => names.length).toBe(1);
  });

  it.each<[string, RegExp, () => void]>([
    [
      'is not its certificate',
      /not the key of the certificate/,
      () => copyFileSync(makeCertificate(folder, 'other').key, files.key),
    ],
    ['is gone', /cannot be read/, () => rmSync(files.key)],
    ['is no key', /no private key in PEM/, () => writeFileSync(files.key, 'x')],
  ])(
    'keeps the pair in use when the key %s, says so once, and takes the next good one',
    async (_name, why, spoil) => {
      spoil();
      await expect.poll(() => log.filter((line) => why.test(line))).toHaveLength(1);
      keeper.look();
      expect(names).toEqual([]);
      replaceBy(makeCertificate(folder, 'good'));
      await expect.poll(() => names.length).toBe(1);
      expect(log.filter((line) => why.test(line))).toHaveLength(1);
    },
  );

  it('warns of a key that everybody can read, and of a certificate that has expired', async () => {
    chmodSync(files.key, 0o644);
    await keeper.stop();
    keeper = await start();
    expect(log).toEqual(['warn: everybody on this machine can read the private key of the certificate']);
    clock.time += 31 * 86_400_000;
    replaceBy(makeCertificate(folder, 'old'));
    await expect.poll(() => log).toContain('warn: the certificate has expired');
  });
});
