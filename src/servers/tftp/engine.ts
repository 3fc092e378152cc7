import type { Ipv4 } from '../../core/address.ts';
import type { DatagramLogger, QuietLog } from '../quiet-log.ts';
import type { TftpCounters } from './counters.ts';
import type { Desk } from './desk.ts';
import type { PortMode, TableLimits } from './messages.ts';

/** How datagrams are moved: `batch` by system calls for many at once, in a thread of its own; `dgram` one by one. */
export type EngineName = 'batch' | 'dgram';

/** What an engine is made of. */
export interface EngineOptions {
  /** Addresses that requests are heard on. */
  readonly addresses: readonly Ipv4[];
  /** 0: any free port. */
  readonly port: number;
  readonly ports: PortMode;
  readonly limits: TableLimits;
  readonly counters: TftpCounters;
  readonly desk: Desk;
  readonly logger: DatagramLogger;
  readonly log: QuietLog;
}

/** Sockets and a thread that run the transfers. */
export interface Engine {
  readonly name: EngineName;
  /** Port that requests are heard on. */
  readonly port: number;
  /** Hear requests on one more address. Rejects when it cannot be had. */
  listen(address: Ipv4): Promise<void>;
  /** Break off all transfers and close the sockets. */
  stop(): Promise<void>;
}
