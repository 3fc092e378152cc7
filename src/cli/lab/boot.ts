import { systemClock } from '../../adapters/state.ts';
import type { Timeline } from '../../fleet/timeline.ts';
import type { OpenSite } from '../site.ts';
import { followBoot } from './follow.ts';
import { type Lab, type LabHost, startLab } from './session.ts';

/** Hosts to boot together, each on its own firmware. */
export interface LabBoot {
  readonly name: string;
  readonly state: OpenSite;
  readonly hosts: readonly LabHost[];
  /** Seconds for all of them. */
  readonly limit: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Boot hosts in a new lab until all have settled, then hand lab and timelines to `use`; then remove the lab. */
export async function bootInLab(
  boot: LabBoot,
  use: (lab: Lab, timelines: readonly Timeline[]) => Promise<void>,
): Promise<void> {
  const { name, state, hosts, say, limit, signal } = boot;
  const since = systemClock.now();
  const lab = await startLab({ name, site: state.site, hosts, say });
  const failed = new AbortController();
  const stopAll = AbortSignal.any([signal, failed.signal]);
  try {
    const timelines = await Promise.all(
      lab.powered.map((powered, index) => {
        const host = hosts[index]?.host;
        if (host === undefined) throw new RangeError(`Cannot follow virtual host ${index}: there is none`);
        return followBoot({ host, powered, events: state.events, since, limit, say, signal: stopAll });
      }),
    ).finally(() => failed.abort());
    await use(lab, timelines);
  } finally {
    await lab.stop();
  }
}

/** A signal that fires at the first Ctrl-C or SIGTERM. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => controller.abort(new Error(`stopped by ${name}`)));
  }
  return controller.signal;
}

/** Resolves when the signal fires. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    // A pending promise alone would not keep the process alive.
    const timer = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  });
}
