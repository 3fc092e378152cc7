import Type, { type Static } from 'typebox';
import { SizeText, sizeBytes } from './formats.ts';
import type { Remains } from './validate.ts';

/** How the server of TFTP works. */
export interface TftpSettings {
  /** How datagrams are moved: many by one system call where the machine can, or one by one. */
  readonly engine: 'auto' | 'batch' | 'dgram';
  /** Whether all transfers are sent from the port of requests, or each from a port of its own. */
  readonly ports: 'single' | 'per-transfer';
  /** Most blocks in a window. */
  readonly window: number;
  /** Bytes of files kept ready to be sent. */
  readonly memory: number;
  /** Transfers at a time. */
  readonly transfers: number;
}

function whole(minimum: number, maximum: number) {
  return Type.Integer({ minimum, maximum, description: `a number, ${minimum} to ${maximum}` });
}

/** Keys of `server.tftp`. */
export const TftpSchema = Type.Object(
  {
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'a port, 1 to 65535' })),
    engine: Type.Optional(Type.Enum(['auto', 'batch', 'dgram'])),
    ports: Type.Optional(Type.Enum(['single', 'per-transfer'])),
    window: Type.Optional(whole(1, 64)),
    memory: Type.Optional(SizeText),
    transfers: Type.Optional(whole(1, 65_536)),
  },
  { additionalProperties: false },
);

const DEFAULT_MEMORY = 256 * 1024 ** 2;

/** Read `server.tftp`. */
export function tftpSettings(tftp: Remains<Static<typeof TftpSchema>> | undefined): TftpSettings {
  return {
    engine: tftp?.engine ?? 'auto',
    ports: tftp?.ports ?? 'single',
    window: tftp?.window ?? 64,
    memory: sizeBytes(tftp?.memory ?? '') ?? DEFAULT_MEMORY,
    transfers: tftp?.transfers ?? 4096,
  };
}
