import type { Server, Socket } from 'node:net';

/** The connections of a server, counted by the address of the client: one address shall not be able to take all. */
export class ClientConnections {
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** Count those of a server from now on, and refuse those that are too many of one client. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      // Undefined when the client has gone already.
      const client = socket.remoteAddress ?? '';
      const count = this.#change(client, 1);
      this.#sockets.add(socket);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#change(client, -1);
      });
      if (count > this.#most) socket.destroy();
    });
  }

  /** Connections that are open. */
  get count(): number {
    return this.#sockets.size;
  }

  /** End them all, those in the middle of a TLS handshake too. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #change(client: string, by: 1 | -1): number {
    const count = (this.#counts.get(client) ?? 0) + by;
    if (count === 0) this.#counts.delete(client);
    else this.#counts.set(client, count);
    return count;
  }
}
