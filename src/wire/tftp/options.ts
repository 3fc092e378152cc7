import type { TftpOptions } from './packet.ts';

/** What both sides agree on before the first block. */
export interface Negotiated {
  /** Octets of a full DATA block. */
  readonly blockSize: number;
  /** Seconds between retransmissions that the client asked for (RFC 2349); undefined: the server's own timing. */
  readonly timeout?: number;
  /** The options of the OACK; empty: no OACK is sent, and the first DATA is the answer (RFC 2347). */
  readonly granted: TftpOptions;
}

/** RFC 1350 section 2. */
export const DEFAULT_BLOCK_SIZE = 512;

/**
 * The largest block granted: 1500 octets of Ethernet MTU less IP (20), UDP (8) and TFTP (4) headers, so that no DATA
 * is fragmented. Boot ROMs that ask for more either cannot join fragments or lose one of them under load.
 */
export const MAXIMUM_BLOCK_SIZE = 1468;

/**
 * Choose from a client's options. Values out of range or not decimal leave their option out, as do unknown options
 * (RFC 2347); `windowsize` (RFC 7440) is not granted yet, and every client seen falls back to lock-step.
 */
export function negotiate(asked: TftpOptions, size: number): Negotiated {
  const blockSize = integerIn(asked.get('blksize'), 8, 65464);
  const timeout = integerIn(asked.get('timeout'), 1, 255);
  const granted = new Map<string, string>();
  // RFC 2348: the server may answer with a smaller value.
  const grantedBlockSize = blockSize === undefined ? undefined : Math.min(blockSize, MAXIMUM_BLOCK_SIZE);
  if (grantedBlockSize !== undefined) granted.set('blksize', String(grantedBlockSize));
  // RFC 2349: the client sends 0 and the server the real size; some clients send another number and mean the same.
  if (/^[0-9]{1,20}$/.test(asked.get('tsize') ?? '')) granted.set('tsize', String(size));
  // RFC 2349: the value is accepted as it is or not at all.
  if (timeout !== undefined) granted.set('timeout', String(timeout));
  return {
    blockSize: grantedBlockSize ?? DEFAULT_BLOCK_SIZE,
    granted,
    ...(timeout === undefined ? {} : { timeout }),
  };
}

function integerIn(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^[0-9]{1,20}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
