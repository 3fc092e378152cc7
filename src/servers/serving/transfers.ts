import type { ServerResponse } from 'node:http';
import type { Body } from './body.ts';
import type { FileSender } from './file-sender.ts';
import { Pace } from './pace.ts';
import { Sending, type Sent } from './sending.ts';
import { Turns } from './turns.ts';

/** How bodies are sent. */
export interface TransferLimits {
  /** Large bodies that are fed at a time; the others wait in order. */
  readonly transfers: number;
  /** A client that has not taken one write within this time is cut off, milliseconds. */
  readonly writeTimeout: number;
}

/** Counts of transfers. */
export interface TransferStats {
  /** Bodies under way, those that wait included. */
  readonly underWay: number;
  /** Large bodies that have a turn, and that wait for one. */
  readonly active: number;
  readonly queued: number;
  /** Bytes of bodies that sockets took since the start. */
  readonly bytes: number;
}

/**
 * 64 clients fill any port; more at a time would only make each slower, and hold more memory. One write in two minutes is
 * less than 9 KiB/s: no boot ends that way.
 */
const DEFAULTS: TransferLimits = { transfers: 64, writeTimeout: 120_000 };

/** To copy so much takes the CPU half a millisecond, in which no other socket is looked at; more is no faster. */
const BYTES_OF_A_TURN = 2 * 1024 * 1024;

/** Sends the bodies of all responses, some at a time. */
export class Transfers {
  readonly #limits: TransferLimits;
  readonly #turns: Turns;
  readonly #pace = new Pace(BYTES_OF_A_TURN);
  readonly #fileSender: FileSender | undefined;
  #underWay = 0;
  #bytes = 0;

  constructor(limits: Partial<TransferLimits> = {}, fileSender?: FileSender) {
    this.#limits = { ...DEFAULTS, ...limits };
    this.#turns = new Turns(this.#limits.transfers);
    this.#fileSender = fileSender;
  }

  /** Send the body of a response whose head is set, and end it; never rejects for a client that goes away. */
  async send(response: ServerResponse, body: Body): Promise<Sent> {
    const sending = new Sending(response, body, {
      turns: this.#turns,
      pace: this.#pace,
      writeTimeout: this.#limits.writeTimeout,
      fileSender: this.#fileSender,
    });
    this.#underWay++;
    try {
      return await sending.run();
    } finally {
      this.#bytes += sending.sent;
      this.#underWay--;
    }
  }

  /** Counts as of now. */
  stats(): TransferStats {
    const { taken: active, waiting: queued } = this.#turns;
    return { underWay: this.#underWay, active, queued, bytes: this.#bytes };
  }
}
