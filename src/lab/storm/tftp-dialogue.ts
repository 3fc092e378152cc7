import type { Dialogue, Turn } from '../../ports/storm-card.ts';
import {
  decodeTftp,
  encodeTftp,
  TFTP_ERROR,
  type TftpOptions,
  type TftpPacket,
} from '../../wire/tftp/packet.ts';

/** How a transfer ended, and what it took. */
export interface TftpOutcome {
  /** Size that the server gave (RFC 2349). */
  readonly size?: number;
  /** Why the file is not there. */
  readonly fault?: string;
  /** Octets of the file that came. */
  readonly received: number;
  readonly retries: number;
  /** Octets of all datagrams, both ways. */
  readonly bytes: number;
}

/** A file to fetch. */
export interface TftpFetch {
  readonly file: string;
  readonly options: TftpOptions;
  /** Only its size is wanted: ERROR 8 ends the transfer when the OACK is there, as EDK2 does. */
  readonly sizeOnly?: boolean;
  /** Takes the file as it comes. */
  readonly take?: (data: Uint8Array) => void;
}

/** Waits for the next datagram, in milliseconds: of the order of EDK2's and iPXE's, doubled at each try. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 8000;
const MOST_TRIES = 7;
const NOTHING: Turn<TftpOutcome> = { send: [] };

/** The client's side of one transfer (RFC 1350, 2347, 2348, 2349, 7440). */
export class TftpDialogue implements Dialogue<TftpOutcome> {
  readonly #fetch: TftpFetch;
  #port: number | undefined;
  #blockSize = 512;
  #window = 1;
  #size: number | undefined;
  /** The last block that came in order, counted without roll-over; -1: nothing came. */
  #last = -1;
  #sinceAck = 0;
  #isGapTold = false;
  #tries = 0;
  #received = 0;
  #retries = 0;
  #bytes = 0;

  constructor(fetch: TftpFetch) {
    this.#fetch = fetch;
  }

  begin(): Turn<TftpOutcome> {
    const { file, options } = this.#fetch;
    return this.#say({ kind: 'read', file, mode: 'octet', options });
  }

  hear(datagram: Uint8Array, port: number): Turn<TftpOutcome> {
    // RFC 1350 section 4: another port is another transfer, such as the answer to a repeated request.
    if (this.#port !== undefined && port !== this.#port) return NOTHING;
    const decoded = decodeTftp(datagram);
    if (!decoded.ok) return NOTHING;
    this.#bytes += datagram.length;
    const { packet } = decoded;
    switch (packet.kind) {
      case 'oack':
        this.#port = port;
        return this.#onOack(packet.options);
      case 'data':
        this.#port = port;
        return this.#onData(packet.block, packet.data);
      case 'error':
        return this.#end(`error ${packet.code}: ${packet.message}`);
      default:
        return NOTHING;
    }
  }

  timeUp(): Turn<TftpOutcome> {
    this.#tries += 1;
    if (this.#tries >= MOST_TRIES) return this.#end(`no datagram after ${this.#tries} tries`);
    this.#retries += 1;
    return this.#last < 0 ? this.begin() : this.#acknowledge();
  }

  #onOack(options: TftpOptions): Turn<TftpOutcome> {
    if (this.#last > 0) return NOTHING;
    this.#last = 0;
    this.#blockSize = Number(options.get('blksize') ?? 512);
    this.#window = Number(options.get('windowsize') ?? 1);
    const size = options.get('tsize');
    if (size !== undefined) this.#size = Number(size);
    if (this.#fetch.sizeOnly !== true) return this.#progress();
    const message = 'User aborted the transfer';
    return {
      ...this.#say({ kind: 'error', code: TFTP_ERROR.optionsRefused, message }),
      result: this.#outcome(),
    };
  }

  #onData(block: number, data: Uint8Array): Turn<TftpOutcome> {
    const next = Math.max(this.#last, 0) + 1;
    if (block !== (next & 0xffff)) return this.#onOtherBlock(block, next);
    this.#last = next;
    this.#received += data.length;
    this.#fetch.take?.(data);
    this.#sinceAck += 1;
    this.#tries = 0;
    this.#isGapTold = false;
    // RFC 1350 section 6: the first short block is the last.
    if (data.length < this.#blockSize) return { ...this.#progress(), result: this.#outcome() };
    if (this.#sinceAck < this.#window) return { send: [], wait: FIRST_WAIT };
    return this.#progress();
  }

  /**
   * A repeated block is acknowledged again, for our ACK was lost. Of a gap (RFC 7440 section 4) the last block in order
   * is acknowledged, once: the rest of that window is on its way.
   */
  #onOtherBlock(block: number, next: number): Turn<TftpOutcome> {
    const isRepeated = block === (this.#last & 0xffff) && this.#last > 0;
    const isGap = ((block - next) & 0xffff) < this.#window && !this.#isGapTold;
    if (!isRepeated && !isGap) return NOTHING;
    this.#isGapTold ||= isGap;
    this.#retries += 1;
    return this.#acknowledge();
  }

  #progress(): Turn<TftpOutcome> {
    this.#tries = 0;
    return this.#acknowledge();
  }

  #acknowledge(): Turn<TftpOutcome> {
    this.#sinceAck = 0;
    return this.#say({ kind: 'ack', block: this.#last & 0xffff });
  }

  #say(packet: TftpPacket): Turn<TftpOutcome> {
    const bytes = encodeTftp(packet);
    this.#bytes += bytes.length;
    const wait = Math.min(FIRST_WAIT * 2 ** this.#tries, LONGEST_WAIT);
    return { send: [bytes], wait, ...(this.#port === undefined ? {} : { port: this.#port }) };
  }

  #outcome(fault?: string): TftpOutcome {
    return {
      received: this.#received,
      retries: this.#retries,
      bytes: this.#bytes,
      ...(this.#size === undefined ? {} : { size: this.#size }),
      ...(fault === undefined ? {} : { fault }),
    };
  }

  #end(fault: string): Turn<TftpOutcome> {
    return { send: [], result: this.#outcome(fault) };
  }
}
