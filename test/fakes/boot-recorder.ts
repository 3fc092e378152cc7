import type { Mac } from '../../src/core/address.ts';
import type { BootFact, BootId } from '../../src/core/event.ts';
import type { HostName } from '../../src/core/host.ts';
import type { BootRecorder } from '../../src/ports/event-log.ts';

/** Keeps every fact; `fails`: the log cannot be written. */
export class FakeBootRecorder implements BootRecorder {
  readonly records: { readonly mac: Mac; readonly host?: HostName; readonly fact: BootFact }[] = [];
  fails = false;

  record(subject: { readonly mac: Mac; readonly host?: HostName }, fact: BootFact): Promise<BootId> {
    if (this.fails) return Promise.reject(new Error('Cannot write the event log'));
    this.records.push({ ...subject, fact });
    return Promise.resolve('boot-1' as BootId);
  }

  /** The facts alone. */
  get facts(): readonly BootFact[] {
    return this.records.map(({ fact }) => fact);
  }
}
