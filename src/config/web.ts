import { totalmem } from 'node:os';
import { resolve } from 'node:path';
import Type, { type Static } from 'typebox';
import { durationSeconds } from '../core/duration.ts';
import { GraceText, PathText, SizeText, sizeBytes } from './formats.ts';
import type { Remains } from './validate.ts';

/** Where TLS is served, and with what. */
export interface HttpsSettings {
  /** TCP port. */
  readonly port: number;
  /** Absolute paths of PEM files: the certificate with its chain, and its private key. */
  readonly certificate: string;
  readonly key: string;
}

/** How the server of HTTP works. */
export interface WebSettings {
  /** Bytes of artefacts held in memory. */
  readonly memory: number;
  /** Large bodies sent at a time. */
  readonly transfers: number;
  /** Milliseconds that requests under way have to end when the server stops. */
  readonly grace: number;
  readonly https?: HttpsSettings;
}

const Port = Type.Integer({ minimum: 1, maximum: 65_535, description: 'a port, 1 to 65535' });

/** Keys of `server.http`. */
export const HttpSchema = Type.Object(
  {
    port: Type.Optional(Port),
    memory: Type.Optional(SizeText),
    transfers: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, description: 'a number, 1 to 10000' }),
    ),
    grace: Type.Optional(GraceText),
  },
  { additionalProperties: false },
);

/** Keys of `server.https`. */
export const HttpsSchema = Type.Object(
  { port: Type.Optional(Port), certificate: PathText, key: PathText },
  { additionalProperties: false },
);

const MEBIBYTE = 1024 ** 2;
/** Room for the layers of one image; no more than a quarter of the machine. */
const DEFAULT_MEMORY = Math.min(512 * MEBIBYTE, Math.floor(totalmem() / 4 / MEBIBYTE) * MEBIBYTE);

interface WebShape {
  readonly http?: Remains<Static<typeof HttpSchema>> | undefined;
  readonly https?: Remains<Static<typeof HttpsSchema>> | undefined;
}

/** Read `server.http` and `server.https`; paths are relative to `folder`. */
export function webSettings({ http, https }: WebShape, folder: string): WebSettings {
  const secure =
    https?.certificate === undefined || https.key === undefined
      ? {}
      : {
          https: {
            port: https.port ?? 443,
            certificate: resolve(folder, https.certificate),
            key: resolve(folder, https.key),
          },
        };
  return {
    memory: sizeBytes(http?.memory ?? '') ?? DEFAULT_MEMORY,
    transfers: http?.transfers ?? 64,
    grace: (http?.grace === '0s' ? 0 : (durationSeconds(http?.grace ?? '30s') ?? 30)) * 1000,
    ...secure,
  };
}
