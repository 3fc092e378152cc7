import type { RemoteInfo, Socket } from 'node:dgram';
import type { Ipv4 } from '../core/address.ts';
import { decodeTftp, encodeTftp, TFTP_ERROR, type TftpOptions } from '../wire/tftp/packet.ts';
import {
  advance,
  bytesAcknowledged,
  type Step,
  startTransfer,
  type Transfer,
  type TransferEvent,
  type TransferOutcome,
} from '../wire/tftp/transfer.ts';
import { bindUdp, closeUdp, sendUdp } from './udp.ts';

/** How a transfer ended, after how many seconds, and how many bytes the client has acknowledged. */
export interface TransferEnd {
  readonly outcome: TransferOutcome;
  readonly bytes: number;
  readonly seconds: number;
}

/** What a running transfer is made of. */
export interface TftpTransferOptions {
  readonly address: Ipv4;
  readonly client: RemoteInfo;
  /** Name as the client spelt it. */
  readonly file: string;
  /** Called once, unless the transfer is stopped from outside. */
  readonly onEnd: (end: TransferEnd) => void;
  readonly onError: (error: unknown) => void;
}

/** Gives the state machine of `wire/tftp/transfer.ts` a socket and a timer. */
export class TftpTransfer {
  readonly #options: TftpTransferOptions;
  readonly #startedAt = performance.now();
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #state: Transfer | undefined;
  #isStopped = false;

  constructor(options: TftpTransferOptions) {
    this.#options = options;
  }

  /** Name as the client spelt it. */
  get file(): string {
    return this.#options.file;
  }

  /** Send the first packet. Rejects when no socket can be had. */
  async start(content: Uint8Array, asked: TftpOptions): Promise<void> {
    const socket = await bindUdp({ address: this.#options.address, port: 0 });
    if (this.#isStopped) return closeUdp(socket);
    this.#socket = socket;
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    socket.on('error', this.#options.onError);
    this.#take(startTransfer(content, asked));
  }

  /** Break the transfer off; resolves when its port is free. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#isStopped = true;
    this.#socket = undefined;
    clearTimeout(this.#timer);
    if (socket !== undefined) await closeUdp(socket);
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    const { client } = this.#options;
    if (from.address !== client.address || from.port !== client.port) return this.#repel(from);
    const decoded = decodeTftp(bytes);
    if (decoded.ok) this.#advance({ kind: 'packet', packet: decoded.packet });
  }

  /** RFC 1350 section 4: a packet from elsewhere is told so, and the transfer goes on. */
  #repel(from: RemoteInfo): void {
    if (this.#socket === undefined) return;
    const code = TFTP_ERROR.unknownTransfer;
    const bytes = encodeTftp({ kind: 'error', code, message: 'Unknown transfer' });
    sendUdp(this.#socket, bytes, { ...from, onError: this.#options.onError });
  }

  #advance(event: TransferEvent): void {
    if (this.#state !== undefined && !this.#isStopped) this.#take(advance(this.#state, event));
  }

  #take({ transfer, send, timer, outcome }: Step): void {
    this.#state = transfer;
    for (const packet of send) {
      if (this.#socket === undefined) return;
      const { address, port } = this.#options.client;
      sendUdp(this.#socket, encodeTftp(packet), { address, port, onError: this.#options.onError });
    }
    if (timer !== undefined) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#advance({ kind: 'timeout' }), timer);
    }
    if (outcome !== undefined) this.#end(transfer, outcome);
  }

  #end(transfer: Transfer, outcome: TransferOutcome): void {
    const seconds = Math.round(performance.now() - this.#startedAt) / 1000;
    void this.stop();
    this.#options.onEnd({ outcome, bytes: bytesAcknowledged(transfer, outcome), seconds });
  }
}
