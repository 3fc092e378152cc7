import type { TftpOptions } from './packet.ts';

/** What both sides agree on before the first block. */
export interface Negotiated {
  /** Octets of a full DATA block. */
  readonly blockSize: number;
  /** Blocks sent before an ACK is waited for (RFC 7440); 1 is the lock-step of RFC 1350. */
  readonly windowSize: number;
  /** Seconds between retransmissions that the client asked for (RFC 2349); undefined: the server's own timing. */
  readonly timeout?: number;
  /** The options of the OACK; empty: no OACK is sent, and the first DATA is the answer (RFC 2347). */
  readonly granted: TftpOptions;
}

/** The most that a client is granted. */
export interface OptionLimits {
  /** Octets, 8 to 65464. */
  readonly blockSize: number;
  /** Blocks, 1 to 65535. */
  readonly windowSize: number;
}

/** RFC 1350 section 2. */
export const DEFAULT_BLOCK_SIZE = 512;

/**
 * What is granted where nobody says otherwise. 1468 is 1500 octets of Ethernet MTU less IP (20), UDP (8) and TFTP (4)
 * headers, so that no DATA is fragmented: boot ROMs that ask for more either cannot join fragments or lose one of them
 * under load.
 */
export const DEFAULT_LIMITS: OptionLimits = { blockSize: 1468, windowSize: 64 };

/**
 * Choose from a client's options. Values out of range or not decimal leave their option out, as do unknown options
 * (RFC 2347).
 */
export function negotiate(asked: TftpOptions, size: number, limits = DEFAULT_LIMITS): Negotiated {
  const granted = new Map<string, string>();
  // RFC 2348: the server may answer with a smaller value.
  const blockSize = atMost(integerIn(asked.get('blksize'), 8, 65_464), limits.blockSize);
  if (blockSize !== undefined) granted.set('blksize', String(blockSize));
  // RFC 2349: the client sends 0 and the server the real size; some clients send another number and mean the same.
  if (/^[0-9]{1,20}$/.test(asked.get('tsize') ?? '')) granted.set('tsize', String(size));
  // RFC 2349: the value is accepted as it is or not at all.
  const timeout = integerIn(asked.get('timeout'), 1, 255);
  if (timeout !== undefined) granted.set('timeout', String(timeout));
  // RFC 7440 section 3: 1 to 65535; the server may answer with a smaller value.
  const windowSize = atMost(integerIn(asked.get('windowsize'), 1, 65_535), limits.windowSize);
  if (windowSize !== undefined) granted.set('windowsize', String(windowSize));
  return {
    blockSize: blockSize ?? DEFAULT_BLOCK_SIZE,
    windowSize: windowSize ?? 1,
    granted,
    ...(timeout === undefined ? {} : { timeout }),
  };
}

function atMost(value: number | undefined, limit: number): number | undefined {
  return value === undefined ? undefined : Math.min(value, limit);
}

function integerIn(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^[0-9]{1,20}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
