import type { Mac } from '../core/address.ts';
import type { BootEvent, BootFact, BootId, BootRecord, BootSubject } from '../core/event.ts';
import type { HostName } from '../core/host.ts';

/** The record of boots. Appending does not wait for the disk: an event is no promise to a client. */
export interface EventLog {
  append(event: BootEvent): void;
  /** The newest boot of a MAC with its events so far. */
  latest(mac: Mac): Promise<BootRecord | undefined>;
  /** Boots of a host, newest first. */
  boots(host: HostName, limit: number): Promise<readonly BootRecord[]>;
  find(boot: BootId): Promise<BootRecord | undefined>;
  /** Resolves once all appended events can be read by other processes. */
  flush(): Promise<void>;
}

/** Puts facts into the boot they belong to; `fleet/recorder.ts` decides where one boot ends and the next begins. */
export interface BootRecorder {
  /** Resolves to the boot that the fact was put in. */
  record(subject: BootSubject, fact: BootFact): Promise<BootId>;
}
