import type { Argv } from '../../ports/command.ts';

/** Where an action stands in its file, and what it says, for people. */
export interface ActionSource {
  /** From 1. */
  readonly line: number;
  /** The instruction, cut. */
  readonly text: string;
}

/** A command in the container. */
export interface RunAction {
  readonly kind: 'run';
  readonly argv: Argv;
  /** Where the argv is `SCRIPT`: what that file holds. */
  readonly script?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Absolute, inside the root. */
  readonly directory: string;
  /** `USER[:GROUP]`, names or numbers; root unless given. */
  readonly user?: string;
  readonly source: ActionSource;
}

/** Files of the Containerfile's folder put into the root. */
export interface CopyAction {
  readonly kind: 'copy';
  /** Patterns relative to the folder. */
  readonly patterns: readonly [string, ...string[]];
  /** Absolute, inside the root; a slash at its end says that it is a folder. */
  readonly target: string;
  /** `USER[:GROUP]`, names or numbers; root unless given. */
  readonly owner?: string;
  /** Of files and folders alike; as in a folder of files unless given. */
  readonly mode?: number;
  readonly source: ActionSource;
}

/** A folder made where it is missing. */
export interface FolderAction {
  readonly kind: 'folder';
  readonly path: string;
  readonly source: ActionSource;
}

/** What a Containerfile does, in its order; nothing in it is left to be worked out but which files there are. */
export type ContainerfileAction = RunAction | CopyAction | FolderAction;

/** Where a here-document that is a script lies in the container; `/run` is emptied before the commit. */
export const SCRIPT = '/run/bivouac-run';
