import type { Ipv4, Mac } from '../core/address.ts';

/** What to send next in a conversation by datagrams. */
export interface Turn<R> {
  readonly send: readonly Uint8Array[];
  /** Server's port that it goes to; undefined: the one that the conversation began with. */
  readonly port?: number;
  /** Start the timer anew with this many milliseconds; undefined: leave it as it is. */
  readonly wait?: number;
  /** Set once the conversation is over. */
  readonly result?: R;
}

/** A conversation by datagrams, decided without sockets; times are milliseconds of a clock that never goes back. */
export interface Dialogue<R> {
  begin(now: number): Turn<R>;
  /** A datagram came from this port of the server. */
  hear(datagram: Uint8Array, port: number, now: number): Turn<R>;
  /** The timer ran out. */
  timeUp(now: number): Turn<R>;
}

/** One HTTP request of a simulated host. */
export interface CardRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds until the connection must stand. */
  readonly connectLimit: number;
  /** Milliseconds without a byte after which it is given up. */
  readonly stallLimit: number;
  /** Takes the body of an answer 200 or 206 as it comes; the buffer is the card's own. */
  readonly take: (chunk: Uint8Array) => void;
}

/** What became of one request. */
export interface CardAnswer {
  /** Undefined when no answer came. */
  readonly status?: number;
  /** Length of the body that the answer announced. */
  readonly announced?: number;
  /** Why the answer is missing or incomplete. */
  readonly fault?: string;
}

/** The network card of one simulated host, and its clock. */
export interface StormCard {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Wait so many milliseconds. */
  pause(milliseconds: number): Promise<void>;
  /** Talk DHCP from port 68 to the broadcast address; hears the answers to this MAC. */
  dhcp<R>(mac: Mac, dialogue: Dialogue<R>): Promise<R>;
  /** Take an address that was leased, or keep it: what follows comes from it. */
  claim(address: Ipv4): Promise<void>;
  /** Talk to port 69 of the server from a port of its own. */
  tftp<R>(dialogue: Dialogue<R>): Promise<R>;
  /** One request over a connection of its own. Never rejects. */
  http(request: CardRequest): Promise<CardAnswer>;
}
