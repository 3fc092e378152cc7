import type { Mac } from '../../src/core/address.ts';
import type { BootEvent, BootId, BootRecord } from '../../src/core/event.ts';
import type { HostName } from '../../src/core/host.ts';
import type { EventLog } from '../../src/ports/event-log.ts';

/** An event log in memory. */
export class FakeEventLog implements EventLog {
  readonly events: BootEvent[] = [];

  append(event: BootEvent): void {
    this.events.push(event);
  }

  latest(mac: Mac): Promise<BootRecord | undefined> {
    return Promise.resolve(this.#records((event) => event.mac === mac).at(0));
  }

  boots(host: HostName, limit: number): Promise<readonly BootRecord[]> {
    return Promise.resolve(this.#records((event) => event.host === host).slice(0, limit));
  }

  find(boot: BootId): Promise<BootRecord | undefined> {
    return Promise.resolve(this.#records((event) => event.boot === boot).at(0));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  #records(wanted: (event: BootEvent) => boolean): BootRecord[] {
    const groups = Map.groupBy(this.events.filter(wanted), (event) => event.boot);
    return [...groups]
      .map(([boot, events]) => recordOf(boot, events))
      .sort((a, b) => b.startedAt - a.startedAt);
  }
}

function recordOf(boot: BootId, events: readonly BootEvent[]): BootRecord {
  const first = events[0];
  if (first === undefined) throw new Error('Cannot make a record of no events');
  return {
    boot,
    mac: first.mac,
    ...(first.host === undefined ? {} : { host: first.host }),
    startedAt: first.at,
    events,
  };
}
