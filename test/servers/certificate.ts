import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of a certificate and its key. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** Make a self-signed certificate for 127.0.0.1 with an RSA key, as a private network has it. */
export function makeCertificate(folder: string, name = 'server', host = name): CertificateFiles {
  const files = { certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=IP:127.0.0.1,DNS:${host}`];
  const output = ['-keyout', files.key, '-out', files.certificate];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', ...subject, ...output],
    { stdio: 'ignore' },
  );
  return files;
}

/** What the files hold. */
export function pairOf({ certificate, key }: CertificateFiles) {
  return { cert: readFileSync(certificate), key: readFileSync(key) };
}
