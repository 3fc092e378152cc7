import type { Host } from '../core/host.ts';
import type { LineSink } from './container-engine.ts';
import type { Room } from './rooms.ts';

/** Playbooks as of one commit, or those below the images folder. */
export interface PlaybookTree {
  /** Absolute path of the folder that Ansible runs in. */
  readonly directory: string;
  /** Undefined without a repository. */
  readonly commit: string | undefined;
}

/** A host of a run and the root that stands for it. */
export interface PlaybookHost {
  /** Its name in the inventory: a host's, or an image's while its root is built. */
  readonly name: string;
  readonly room: Room;
}

/** One run of one playbook for all its hosts. */
export interface PlaybookRun {
  readonly tree: PlaybookTree;
  /** Relative to the tree's folder. */
  readonly playbook: string;
  readonly hosts: readonly [PlaybookHost, ...PlaybookHost[]];
  /** Hosts of the site, which the inventory names besides those of the repository. */
  readonly inventory: readonly Host[];
  /** What commands inside the roots see. */
  readonly environment: Readonly<Record<string, string>>;
  /** For files of single hosts: one that fails does not stop the others. */
  readonly inConffsBuild: boolean;
  /** An existing folder for files of the run. */
  readonly folder: string;
  readonly log: LineSink;
  readonly signal: AbortSignal;
  /** Milliseconds without progress, after which it is stopped. */
  readonly idleLimit: number;
}

/** What became of one host in a run. `untouched`: no play of the playbook is for it. */
export type PlaybookOutcome =
  | { readonly host: string; readonly kind: 'done' | 'untouched' }
  | { readonly host: string; readonly kind: 'failed'; readonly reason: string };

/** Whom a playbook is run for, for the digest of what it depends on. */
export interface PlaybookUse {
  readonly tree: PlaybookTree;
  readonly playbook: string;
  readonly hosts: readonly string[];
  readonly inventory: readonly Host[];
}

/** Playbooks of the site and what runs them. */
export interface Playbooks {
  /**
   * Trees by branch, all as of now; undefined is the branch that the configuration names. Rejects with `config-invalid` for
   * branches that do not exist.
   */
  pin(
    branches: readonly (string | undefined)[],
    options: { readonly signal: AbortSignal },
  ): Promise<ReadonlyMap<string | undefined, PlaybookTree>>;
  /** SHA-256, in hexadecimal, of all that a run depends on. Rejects with `config-invalid` when there is no such playbook. */
  digest(use: PlaybookUse): Promise<string>;
  /** Names that an Ansible host pattern selects, of the repository's inventory and the site's hosts; never `master-*`. */
  select(
    pattern: string,
    place: {
      readonly tree: PlaybookTree;
      readonly inventory: readonly Host[];
      readonly folder: string;
      readonly signal: AbortSignal;
    },
  ): Promise<readonly string[]>;
  /** Rejects only when the run as a whole failed: Ansible missing, a syntax error, stopped. */
  run(run: PlaybookRun): Promise<readonly PlaybookOutcome[]>;
}
