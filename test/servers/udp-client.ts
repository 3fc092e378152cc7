import { createSocket, type Socket } from 'node:dgram';
import { onTestFinished } from 'vitest';

/** A datagram that reached a {@link UdpClient}. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly port: number;
}

/** A socket on 127.0.0.1 that keeps what it receives, for the length of one test. */
export class UdpClient {
  readonly #socket: Socket;
  readonly #received: Received[] = [];
  #waiting: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      this.#received.push({ bytes, port: from.port });
      this.#waiting?.();
    });
  }

  static async open(): Promise<UdpClient> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    onTestFinished(() => void socket.close());
    return new UdpClient(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  send(bytes: Uint8Array | string, port: number, address = '127.0.0.1'): void {
    this.#socket.send(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, port, address);
  }

  /** The next datagram, or undefined when none comes within `ms`. */
  async next(ms = 10_000): Promise<Received | undefined> {
    if (this.#received.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#received.shift();
  }
}
