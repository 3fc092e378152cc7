import type { StormFiles } from './boot.ts';
import type { StormHost } from './plan.ts';

/** What the program of the simulated hosts is told, as JSON in a file. */
export interface ClientsPlan {
  readonly hosts: readonly StormHost[];
  readonly files: StormFiles;
  /** Every so manyth host compares the SHA-256 of all files. */
  readonly hashEvery: number;
  /** Seconds. */
  readonly limit: number;
  /** Exchanges a second: the program probes DHCP with these hosts and boots none. */
  readonly probe?: number;
}

/** The plan in the file that {@link clientsPlanText} wrote. */
export function parseClientsPlan(text: string): ClientsPlan {
  return JSON.parse(text) as ClientsPlan;
}

/** The plan as text of a file. */
export function clientsPlanText(plan: ClientsPlan): string {
  return JSON.stringify(plan);
}
