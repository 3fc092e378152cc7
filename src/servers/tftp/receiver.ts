import { DATA_HEADER } from '../../wire/tftp/frames.ts';
import {
  decodeTftp,
  encodeTftp,
  TFTP_ERROR,
  type TftpPacket,
  type TftpRequest,
} from '../../wire/tftp/packet.ts';
import type { Transfer, TransferOutcome } from '../../wire/tftp/transfer.ts';
import type { QuietLog } from '../quiet-log.ts';
import type { TftpCounters } from './counters.ts';
import { addressOf, type Channel, type Client, type Outlet, portOf, type Session } from './session.ts';
import type { TransferTable } from './table.ts';

/** What {@link Receiver} is made of. */
export interface ReceiverOptions {
  readonly table: TransferTable;
  readonly outlet: Outlet;
  readonly log: QuietLog;
  readonly counters: TftpCounters;
}

interface Datagram {
  readonly channel: Channel;
  readonly client: Client;
  readonly bytes: Uint8Array;
}

/** Ports whose services answer anything: a forged request from one would start an endless exchange. */
const NEVER_ANSWERED: ReadonlySet<number> = new Set([0, 7, 13, 17, 19, 37, 53, 67, 69, 123, 161, 1900, 5353]);

/** A repeated request is late or lost its answer; after so long without an ACK, its client was switched off and on. */
const RESTARTED_MS = 1000;

/** Sorts what arrives: ACKs to their transfers first, requests, and the rest, which is dropped or refused. */
export class Receiver {
  readonly #options: ReceiverOptions;
  #tickets = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Take a datagram; of one longer than 512 octets, any 513 will do. */
  receive(channel: Channel, client: Client, bytes: Uint8Array): void {
    if (bytes.length === DATA_HEADER && bytes[0] === 0 && bytes[1] === 4) {
      return this.ack(channel, client, ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0));
    }
    const datagram = { channel, client, bytes };
    if (channel.own === undefined) return this.#atListener(datagram);
    const decoded = decodeTftp(bytes);
    if (decoded.ok) this.#inTransfer(datagram, decoded.packet);
  }

  /** Take an ACK, the datagram that comes by far most often. */
  ack(channel: Channel, client: Client, block: number): void {
    const session = this.#sessionOf(channel, client, false);
    if (session !== undefined) this.#options.table.ack(session, block);
  }

  #atListener(datagram: Datagram): void {
    if (NEVER_ANSWERED.has(portOf(datagram.client))) {
      return this.#junk(datagram, 'TFTP request from the port of another service');
    }
    const decoded = decodeTftp(datagram.bytes);
    if (!decoded.ok) {
      this.#junk(datagram, `malformed TFTP message: ${decoded.reason}`);
      if (decoded.reason === 'too-short') return;
      return this.#refuse(datagram, TFTP_ERROR.illegalOperation, 'Malformed request');
    }
    switch (decoded.packet.kind) {
      case 'read':
        return this.#read(datagram, decoded.packet);
      case 'write':
        return this.#refuse(datagram, TFTP_ERROR.accessViolation, 'Files here are read-only');
      case 'ack':
      case 'error':
      case 'data':
      case 'oack':
        return this.#inTransfer(datagram, decoded.packet);
    }
  }

  #inTransfer(datagram: Datagram, packet: TftpPacket): void {
    const session = this.#sessionOf(datagram.channel, datagram.client, packet.kind === 'error');
    // Whatever belongs to no transfer is left unanswered: it could echo for ever.
    if (session === undefined) return this.#junk(datagram, 'TFTP message outside a transfer');
    if (packet.kind === 'ack') this.#options.table.ack(session, packet.block);
    if (packet.kind === 'error') this.#options.table.error(session, packet.code, packet.message);
  }

  #sessionOf(channel: Channel, client: Client, isError: boolean): Session | undefined {
    if (channel.own === undefined) return channel.sessions.get(client);
    if (channel.own.client === client) return channel.own;
    // An ERROR that answers an ERROR, or whatever comes, would go to and fro for ever.
    if (isError || NEVER_ANSWERED.has(portOf(client))) return undefined;
    // RFC 1350 section 4: a packet from elsewhere is told so, and the transfer goes on.
    const bytes = errorPacket(TFTP_ERROR.unknownTransfer, 'Unknown transfer');
    this.#options.outlet.datagram(channel, client, bytes);
    return undefined;
  }

  #read(datagram: Datagram, request: TftpRequest): void {
    const { channel, client, bytes } = datagram;
    const { table, counters } = this.#options;
    const { mode } = request;
    if (mode !== 'octet' && mode !== 'netascii') {
      return this.#refuse(datagram, TFTP_ERROR.illegalOperation, 'Only octet and netascii are served');
    }
    const before = channel.sessions.get(client);
    if (before !== undefined) {
      if (this.#isRepeated(before, bytes)) return;
      table.end(before, outcomeOfNewRequest(before));
    }
    counters.add('requests');
    const session: Session = {
      ticket: ++this.#tickets,
      client,
      listener: channel,
      bytes: bytes.slice(),
      request,
      startedAt: table.now,
      serving: undefined,
      isEnded: false,
    };
    if (table.begin(session, mode)) return;
    // A boot ROM asks again after silence, but gives up after an ERROR.
    counters.add('refused');
    const fields = { from: addressOf(client) };
    this.#options.log.log({ level: 'warn', topic: 'too many TFTP transfers at once', fields });
  }

  #isRepeated({ bytes, serving }: Session, again: Uint8Array): boolean {
    if (Buffer.compare(bytes, again) !== 0) return false;
    if (serving?.transfer.isVerified !== true) return true;
    if (isNearlyDone(serving.transfer)) return false;
    return this.#options.table.now - serving.transfer.progressAt <= RESTARTED_MS;
  }

  #refuse({ channel, client }: Datagram, code: number, message: string): void {
    this.#options.counters.add('refused');
    this.#options.outlet.datagram(channel, client, errorPacket(code, message));
  }

  #junk({ client, bytes }: Datagram, topic: string): void {
    const from = `${addressOf(client)}:${portOf(client)}`;
    this.#options.log.log({ level: 'debug', topic, fields: { from, bytes: bytes.length } });
  }
}

/** With a port for each transfer, a client's next request may overtake its last ACK. */
function isNearlyDone({ isVerified, next, lastBlock }: Transfer): boolean {
  return isVerified && next > lastBlock;
}

function outcomeOfNewRequest({ serving }: Session): TransferOutcome {
  if (serving !== undefined && isNearlyDone(serving.transfer)) return { kind: 'complete' };
  return { kind: 'aborted', code: TFTP_ERROR.undefined, message: 'The client has sent another request' };
}

function errorPacket(code: number, message: string): Uint8Array {
  return encodeTftp({ kind: 'error', code, message });
}
