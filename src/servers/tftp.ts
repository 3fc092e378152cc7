import type { RemoteInfo, Socket } from 'node:dgram';
import type { ServedFile, TftpAnswer } from '../boot/answer-tftp.ts';
import { type Ipv4, parseIpv4 } from '../core/address.ts';
import { messageOf } from '../core/errors.ts';
import { printable } from '../wire/printable.ts';
import { decodeTftp, encodeTftp, TFTP_ERROR, type TftpRequest } from '../wire/tftp/packet.ts';
import { type DatagramLogger, QuietLog } from './quiet-log.ts';
import { TftpTransfer, type TransferEnd } from './tftp-transfer.ts';
import { bindUdp, closeUdp, sendUdp } from './udp.ts';

/** What a TFTP server is made of. */
export interface TftpServerOptions {
  /** The server's own address: requests are heard and transfers sent on it alone. */
  readonly address: Ipv4;
  readonly answer: (file: string) => Promise<TftpAnswer>;
  /** Told of each transfer that has ended. */
  readonly served: (file: ServedFile) => Promise<void>;
  readonly logger: DatagramLogger;
  /** UDP port to listen on; default 69, 0 for any. */
  readonly port?: number;
  /** Transfers at one time; default 1000. */
  readonly maxTransfers?: number;
}

/** Ports whose services answer anything: a forged request from one would start an endless exchange. */
const NEVER_ANSWERED: ReadonlySet<number> = new Set([0, 7, 13, 17, 19, 37, 53, 67, 69, 123, 161, 1900, 5353]);

/**
 * Hears read requests and gives each transfer a port of its own (RFC 1350 section 4). INVARIANTS: no datagram stops
 * it; one transfer for each client port, so a repeated request starts no second one; at most `maxTransfers` sockets.
 */
export class TftpServer {
  readonly #options: TftpServerOptions;
  readonly #log: QuietLog;
  /** By client address and port; `undefined` while the file is looked up. */
  readonly #transfers = new Map<string, TftpTransfer | undefined>();
  #socket: Socket | undefined;

  constructor(options: TftpServerOptions) {
    this.#options = options;
    this.#log = new QuietLog(options.logger);
  }

  /** Start listening; resolves to the port. Rejects when the port or the address cannot be had. */
  async start(): Promise<number> {
    const { address, port = 69 } = this.#options;
    const socket = await bindUdp({ address, port });
    socket.on('message', (bytes, from) => this.#receive(bytes, from));
    socket.on('error', (error) => this.#fault('TFTP socket failed', error));
    this.#socket = socket;
    return socket.address().port;
  }

  /** Stop listening and break off the transfers under way. */
  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await Promise.all([...this.#transfers.values()].map((transfer) => transfer?.stop() ?? Promise.resolve()));
    this.#transfers.clear();
    if (socket !== undefined) await closeUdp(socket);
  }

  /** Transfers under way. */
  get active(): number {
    return this.#transfers.size;
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    if (NEVER_ANSWERED.has(from.port))
      return this.#junk('TFTP request from the port of another service', from);
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) {
      this.#junk(`malformed TFTP message: ${decoded.reason}`, from);
      if (decoded.reason === 'too-short') return;
      return this.#refuse(from, TFTP_ERROR.illegalOperation, 'Malformed request');
    }
    switch (decoded.packet.kind) {
      case 'read':
        return this.#receiveRead(decoded.packet, from);
      case 'write':
        return this.#refuse(from, TFTP_ERROR.accessViolation, 'Files here are read-only');
      default:
        // DATA, ACK, ERROR and OACK belong to a transfer, which has its own port; answering could echo for ever.
        return this.#junk('TFTP message outside a transfer', from);
    }
  }

  #receiveRead(request: TftpRequest, from: RemoteInfo): void {
    if (request.mode !== 'octet') {
      return this.#refuse(from, TFTP_ERROR.illegalOperation, 'Only mode octet is served');
    }
    const key = `${from.address}:${from.port}`;
    if (this.#transfers.has(key)) {
      const current = this.#transfers.get(key);
      // The same request again is a lost answer, which the transfer repeats by itself; another ends the old one.
      if (current === undefined || current.file === request.file) return;
      void current.stop();
    } else if (this.#transfers.size >= (this.#options.maxTransfers ?? 1000)) {
      this.#log.log({
        level: 'warn',
        topic: 'too many TFTP transfers at once',
        fields: { from: from.address },
      });
      return this.#refuse(from, TFTP_ERROR.undefined, 'Server is busy');
    }
    this.#transfers.set(key, undefined);
    this.#serve(key, request, from).catch((error: unknown) => {
      this.#transfers.delete(key);
      this.#fault('cannot serve a file by TFTP', error);
      this.#refuse(from, TFTP_ERROR.undefined, 'The file cannot be read');
    });
  }

  async #serve(key: string, request: TftpRequest, from: RemoteInfo): Promise<void> {
    const answer = await this.#options.answer(request.file);
    if (this.#socket === undefined || answer.kind === 'not-found') {
      this.#transfers.delete(key);
      this.#logMissing(request.file, from, answer.kind === 'not-found' && answer.isProbe);
      this.#refuse(from, TFTP_ERROR.notFound, 'File not found');
      return;
    }
    const transfer = new TftpTransfer({
      address: this.#options.address,
      client: from,
      file: request.file,
      onEnd: (end) => {
        if (this.#transfers.get(key) === transfer) this.#transfers.delete(key);
        this.#ended(answer.name, from, end);
      },
      onError: (error) => this.#fault('TFTP transfer failed', error),
    });
    this.#transfers.set(key, transfer);
    await transfer.start(answer.content, request.options);
  }

  #ended(name: string, from: RemoteInfo, { outcome, bytes, seconds }: TransferEnd): void {
    const fields = { client: from.address, file: printable(name), bytes, seconds };
    if (outcome.kind === 'size-probe') return this.#options.logger.debug(fields, 'TFTP size asked');
    const complete = outcome.kind === 'complete';
    if (complete) this.#options.logger.info(fields, 'TFTP file served');
    else {
      const why = outcome.kind === 'aborted' ? printable(outcome.message) : 'the client has gone silent';
      this.#log.log({ level: 'warn', topic: 'TFTP transfer ended early', fields: { ...fields, why } });
    }
    const client = parseIpv4(from.address);
    if (client === undefined) return;
    this.#options
      .served({ client, name, bytes, seconds, complete })
      .catch((error: unknown) => this.#fault('cannot record a TFTP transfer', error));
  }

  #logMissing(file: string, from: RemoteInfo, isProbe: boolean): void {
    const fields = { client: from.address, file: printable(file) };
    if (isProbe) return this.#options.logger.debug(fields, 'TFTP file looked for, not there');
    this.#log.log({ level: 'warn', topic: 'TFTP file not found', fields });
  }

  #refuse(to: RemoteInfo, code: number, message: string): void {
    if (this.#socket === undefined) return;
    const onError = (error: unknown): void => this.#fault('cannot send a TFTP error', error);
    sendUdp(this.#socket, encodeTftp({ kind: 'error', code, message }), { ...to, onError });
  }

  #junk(topic: string, from: RemoteInfo): void {
    this.#log.log({
      level: 'debug',
      topic,
      fields: { from: `${from.address}:${from.port}`, bytes: from.size },
    });
  }

  #fault(topic: string, error: unknown): void {
    this.#log.log({ level: 'error', topic, fields: { cause: messageOf(error) } });
  }
}
