import type { Host, HostName } from '../core/host.ts';

/** Hosts registered over the API. Hosts of files are not kept here. */
export interface HostStore {
  list(): Promise<readonly Host[]>;
  /** Insert or replace the host of this name. Fails with `conflict` when another registered host owns one of its MACs or its address. */
  put(host: Host): Promise<void>;
  /** False when there was none. */
  remove(name: HostName): Promise<boolean>;
}
