import { stat } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type CertificatePair, type CertificateReading, readCertificate } from '../config/certificate.ts';
import type { HttpsSettings } from '../config/web.ts';
import { messageOf } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** What a keeper of a certificate needs. */
export interface CertificateKeeperOptions {
  /** The files as of now; undefined where nothing is served over TLS. */
  readonly files: () => HttpsSettings | undefined;
  /** Use this pair from now on. */
  readonly renew: (pair: CertificatePair) => void;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly clock: Clock;
  /** Milliseconds between two looks; 10 seconds by default. */
  readonly interval?: number;
}

/**
 * Takes up a certificate that was replaced, without a restart; a pair that cannot be used leaves the one in use. It looks at
 * the times of the files rather than watching them: renewals arrive as files, as other targets of a link, as other mounts.
 */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #seen = '';
  #running: Promise<void> = Promise.resolve();

  private constructor(options: CertificateKeeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.look(), options.interval ?? 10_000).unref();
    process.on('SIGHUP', this.look);
  }

  /** Keep a pair that was read just now. */
  static async start(options: CertificateKeeperOptions, pair: CertificatePair): Promise<CertificateKeeper> {
    const keeper = new CertificateKeeper(options);
    keeper.#warnOf(pair);
    keeper.#seen = await signatureOf(options.files());
    return keeper;
  }

  /** Look whether the files have changed, after the look that is under way. */
  readonly look = (): void => {
    this.#running = this.#running
      .then(() => this.#lookOnce())
      .catch((error: unknown) => {
        this.#options.logger.error(`certificate kept as it was: ${messageOf(error)}`);
      });
  };

  /** Look no more; resolves when the last look has ended. */
  stop(): Promise<void> {
    clearInterval(this.#timer);
    process.off('SIGHUP', this.look);
    return this.#running;
  }

  async #lookOnce(): Promise<void> {
    const files = this.#options.files();
    const signature = await signatureOf(files);
    if (files === undefined || signature === this.#seen) return;
    const reading = await readCertificate(files);
    // A change while it was read: the next look takes it up.
    if ((await signatureOf(files)) !== signature) return;
    this.#seen = signature;
    this.#take(files, reading);
  }

  #take(files: HttpsSettings, reading: CertificateReading): void {
    const { logger, renew } = this.#options;
    if (!reading.ok) {
      logger.error(`certificate kept as it was: cannot use "${files[reading.at]}": ${reading.why}`);
      return;
    }
    renew(reading.pair);
    logger.info({ names: reading.pair.names, until: dateOf(reading.pair) }, 'certificate renewed');
    this.#warnOf(reading.pair);
  }

  #warnOf(pair: CertificatePair): void {
    const { logger, clock } = this.#options;
    if (pair.expiresAt < clock.now()) logger.warn({ until: dateOf(pair) }, 'the certificate has expired');
    if (pair.isKeyExposed)
      logger.warn('everybody on this machine can read the private key of the certificate');
  }
}

function dateOf({ expiresAt }: CertificatePair): string {
  return new Date(expiresAt).toISOString();
}

/** Changes when either file does; a file that is gone for a moment is one more change. */
async function signatureOf(files: HttpsSettings | undefined): Promise<string> {
  if (files === undefined) return '';
  const parts = [files.certificate, files.key].map(async (path) => {
    const found = await stat(path).catch(() => undefined);
    return [path, found?.ino, found?.size, found?.mtimeMs];
  });
  return JSON.stringify(await Promise.all(parts));
}
