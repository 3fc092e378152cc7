import type { ServerResponse } from 'node:http';
import type { Body, Piece } from './body.ts';
import type { ByteRange } from './byte-range.ts';
import type { FileSender } from './file-sender.ts';
import type { Pace } from './pace.ts';
import type { Turns } from './turns.ts';

/** How sending a body ended. */
export interface Sent {
  readonly bytes: number;
  readonly complete: boolean;
}

/** What all transfers share. */
export interface SendingShare {
  readonly turns: Turns;
  readonly pace: Pace;
  /** Milliseconds in which a client has to take one write. */
  readonly writeTimeout: number;
  /** Sends what the page cache has of files; without it, all is copied. */
  readonly fileSender?: FileSender | undefined;
}

/**
 * Bytes of one write, or of one call of sendfile. With 256 clients a quarter of a MiB is faster than half of that and than a
 * whole one, and with 16 the next write is copied while the client takes one (docs/decisions.md).
 */
const WRITE_BYTES = 256 * 1024;
/** Smaller bodies wait for no turn: an NBP, a script or a manifest is sent while others load their layers. */
const SMALL = WRITE_BYTES;
/** Milliseconds after which a turn ends when others wait: with 1000 clients and 64 turns, each gets one every four seconds. */
const TURN_TIME = 250;
/**
 * Milliseconds. A client that does not take a write in this time leaves its turn to others, and comes back when it has: on a
 * full line nobody waits for long (UEFI gives up after five seconds without a byte), and who does not read keeps nobody waiting.
 */
const PATIENCE = 50;

/** Of bytes that nobody else uses. */
const release = (): void => undefined;

/**
 * One body on its way.
 * INVARIANTS: a piece is released once, and only when the socket has let go of it or is destroyed; a turn that was taken is
 * given back; `#wake` is set only while something is awaited that the end of the connection has to end; nothing of a file
 * is sent before the head.
 */
export class Sending {
  readonly #response: ServerResponse;
  readonly #body: Body;
  readonly #share: SendingShare;
  readonly #client: string;
  #hasTurn = false;
  #isHeadSent = false;
  #turnSince = 0;
  #sent = 0;
  #wake: ((isTaken: boolean) => void) | undefined;

  constructor(response: ServerResponse, body: Body, share: SendingShare) {
    this.#response = response;
    this.#body = body;
    this.#share = share;
    this.#client = response.req.socket.remoteAddress ?? '';
  }

  /** Bytes that the socket has taken so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Send all, and end the response. */
  async run(): Promise<Sent> {
    const onClose = (): void => this.#wake?.(this.#response.writableFinished);
    this.#response.once('close', onClose);
    const { socket } = this.#response.req;
    const idleTime = socket.timeout ?? 0;
    // Who waits for a turn is not idle; each write has a time of its own.
    socket.setTimeout(0);
    try {
      for (const part of this.#body.parts) {
        if (await this.#sendPart(part)) continue;
        // The length is promised already: cutting the connection is the only way to say that the rest will not come.
        this.#response.destroy();
        return { bytes: this.#sent, complete: false };
      }
      this.#leaveTurn();
      const complete = await this.#settled((done) => this.#response.end(done));
      return { bytes: this.#sent, complete };
    } finally {
      this.#leaveTurn();
      this.#response.off('close', onClose);
      socket.setTimeout(idleTime);
    }
  }

  async #sendPart(part: Uint8Array | ByteRange): Promise<boolean> {
    if (!('first' in part)) return this.#write({ bytes: part, release });
    const { source } = this.#body;
    let position = part.first;
    while (position <= part.last) {
      if (!this.#hasTurn && this.#body.length > SMALL && !(await this.#takeTurn())) return false;
      const most = Math.min(WRITE_BYTES, part.last - position + 1);
      const pause = this.#share.pace.spend(most);
      if (pause !== undefined) await pause;
      const direct = this.#sendFile(position, most);
      if (typeof direct === 'number') {
        this.#count(direct);
        position += direct;
        continue;
      }
      const piece = direct === undefined ? await source.piece(position, most) : { bytes: direct, release };
      position += piece.bytes.length;
      if (!(await this.#write(piece))) return false;
    }
    return true;
  }

  #sendFile(position: number, length: number): ReturnType<FileSender['send']> {
    const { fileSender } = this.#share;
    const { descriptor } = this.#body.source;
    if (fileSender === undefined || descriptor === undefined) return undefined;
    if (!this.#isHeadSent) this.#response.flushHeaders();
    this.#isHeadSent = true;
    return fileSender.send(this.#response, { descriptor, position, length });
  }

  #takeTurn(): Promise<boolean> | boolean {
    const { turns } = this.#share;
    if (turns.tryTake()) return this.#seat();
    // UEFI waits five seconds for the head of a response.
    this.#response.flushHeaders();
    return new Promise((resolve) => {
      const stopWaiting = turns.wait(this.#client, () => this.#wake?.(this.#seat()));
      this.#wake = (isTaken) => {
        this.#wake = undefined;
        stopWaiting();
        resolve(isTaken && this.#hasTurn);
      };
      if (this.#response.destroyed) this.#wake(false);
    });
  }

  #seat(): true {
    this.#hasTurn = true;
    this.#turnSince = performance.now();
    return true;
  }

  #leaveTurn(): void {
    if (!this.#hasTurn) return;
    this.#hasTurn = false;
    this.#share.turns.give();
  }

  async #write(piece: Piece): Promise<boolean> {
    const impatience = setTimeout(() => this.#leaveTurn(), PATIENCE);
    const isTaken = await this.#settled((done) => this.#response.write(piece.bytes, done));
    clearTimeout(impatience);
    piece.release();
    if (isTaken) this.#count(piece.bytes.length);
    return isTaken;
  }

  #count(bytes: number): void {
    this.#sent += bytes;
    if (this.#share.turns.waiting > 0 && performance.now() - this.#turnSince >= TURN_TIME) this.#leaveTurn();
  }

  /** Whether the socket took what `start` gave it before it closed or the time was up; the latter destroys it. */
  #settled(start: (done: (error?: Error | null) => void) => unknown): Promise<boolean> {
    if (this.#response.destroyed) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (isTaken: boolean): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve(isTaken);
      };
      const timer = setTimeout(() => {
        this.#response.destroy();
        finish(false);
      }, this.#share.writeTimeout);
      this.#wake = finish;
      start((error) => finish(error === undefined || error === null));
    });
  }
}
