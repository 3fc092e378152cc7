import type { Secret } from '../core/secret.ts';

/** A root with the kernel's file systems mounted, in namespaces of its own: processes, mounts and host name. */
export interface Room {
  /** A process whose mount and process namespaces are the room's. */
  readonly pid: number;
  /** Path of the root in the room's mount namespace. */
  readonly root: string;
  /** Ends all that runs inside and unmounts all of it. Never rejects. */
  close(): Promise<void>;
}

/** What a room is to be. */
export interface RoomOptions {
  /** What `hostname` says inside. */
  readonly hostName: string;
  /** Mounted at `/run/secrets`, for root to read; none unless given. */
  readonly secrets?: readonly Secret[];
  readonly signal: AbortSignal;
}

/** Read-only layers, mounted once; rooms above them share them. */
export interface Ground {
  /** The merged layers as this process sees them, for reading only. */
  readonly base: string;
  /** A room whose changes go into `folder/upper`; `folder` is an existing folder of its own. */
  room(folder: string, options: RoomOptions): Promise<Room>;
  /** Unmount; to be called after all rooms were closed. Never rejects. */
  close(): Promise<void>;
}

/** Makes rooms. Nothing of them outlives this process, however it ends. */
export interface Rooms {
  /** A room in a mounted container. */
  inContainer(root: string, options: RoomOptions): Promise<Room>;
  /** Mount squashfs files above one another, base first; `folder` is an existing empty folder. */
  ground(
    files: readonly [string, ...string[]],
    options: { readonly folder: string; readonly signal: AbortSignal },
  ): Promise<Ground>;
}
