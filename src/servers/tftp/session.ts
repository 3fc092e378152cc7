import { type Ipv4, ipv4FromNumber } from '../../core/address.ts';
import type { TftpRequest } from '../../wire/tftp/packet.ts';
import type { Transfer } from '../../wire/tftp/transfer.ts';
import type { Chunk, FramedFile } from './frame-cache.ts';

/** Address and UDP port of a client as one number: the address's 32 bits, then the port's 16. */
export type Client = number;

/** A UDP socket of the server, as its engine knows it. */
export interface Channel {
  /** Names the socket to its engine. */
  readonly id: number;
  /** Transfers by their clients that were asked for here. */
  readonly sessions: Map<Client, Session>;
  /** The only transfer of a port of its own. */
  own: Session | undefined;
}

/** One read request and, once the file is found, its transfer. */
export interface Session {
  /** Names the transfer to the desk. */
  readonly ticket: number;
  readonly client: Client;
  /** Where it was asked for. */
  readonly listener: Channel;
  /** The request as it came, to know a repeated one. */
  readonly bytes: Uint8Array;
  readonly request: TftpRequest;
  readonly startedAt: number;
  serving: Serving | undefined;
  isEnded: boolean;
}

/** A file being sent. */
export interface Serving {
  readonly name: string;
  readonly file: FramedFile;
  readonly transfer: Transfer;
  /** The OACK, for as long as it may have to be sent. */
  readonly oack: Uint8Array;
  /** The socket that it is sent from. */
  readonly channel: Channel;
  /** First block of the flight that waits for its chunk. */
  unsent: number;
}

/** Consecutive DATA packets in a chunk, `packet` octets each but the last. */
export interface Run {
  chunk: Chunk;
  start: number;
  length: number;
  packet: number;
}

/** How an engine sends. Nothing is said of what is lost: a transfer repeats it. */
export interface Outlet {
  /** Send a run; the record is only good during the call. */
  blocks(channel: Channel, client: Client, run: Run): void;
  datagram(channel: Channel, client: Client, bytes: Uint8Array): void;
  /** A socket with a port of its own, on the address of the listener. Throws when there is none left. */
  open(listener: Channel): Channel;
  close(channel: Channel): void;
}

/** A socket without transfers. */
export function emptyChannel(id: number): Channel {
  return { id, sessions: new Map(), own: undefined };
}

/** The client at this address and port. */
export function clientOf(address: number, port: number): Client {
  return address * 65_536 + port;
}

/** The port of a client. */
export function portOf(client: Client): number {
  return client % 65_536;
}

/** The address of a client. */
export function addressOf(client: Client): Ipv4 {
  return ipv4FromNumber(Math.floor(client / 65_536));
}
