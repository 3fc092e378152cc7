import type { Dialogue, Turn } from '../../ports/storm-card.ts';

/** Sends a datagram to this port of the server; undefined: the port that conversations begin with. */
export type SendDatagram = (datagram: Uint8Array, port: number | undefined) => void;

/** A dialogue under way: gives it datagrams and time, and sends what it says. */
export class Conversation<R> {
  readonly result: Promise<R>;
  readonly #dialogue: Dialogue<R>;
  readonly #send: SendDatagram;
  readonly #settle: (result: R) => void;
  #timer: NodeJS.Timeout | undefined;
  #wait = 0;
  #isOver = false;

  constructor(dialogue: Dialogue<R>, send: SendDatagram) {
    const { promise, resolve } = Promise.withResolvers<R>();
    this.result = promise;
    this.#settle = resolve;
    this.#dialogue = dialogue;
    this.#send = send;
  }

  begin(): void {
    this.#take(this.#dialogue.begin(performance.now()));
  }

  hear(datagram: Uint8Array, port: number): void {
    if (!this.#isOver) this.#take(this.#dialogue.hear(datagram, port, performance.now()));
  }

  #take({ send, port, wait, result }: Turn<R>): void {
    for (const datagram of send) this.#send(datagram, port);
    if (result !== undefined) {
      this.#isOver = true;
      clearTimeout(this.#timer);
      this.#settle(result);
    } else if (wait !== undefined) this.#arm(wait);
  }

  #arm(wait: number): void {
    // Most waits are like the one before, and starting a timer anew costs less than making one.
    if (this.#timer !== undefined && wait === this.#wait) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#wait = wait;
    this.#timer = setTimeout(() => this.#take(this.#dialogue.timeUp(performance.now())), wait);
  }
}
