import type { Arena, ServerProgram } from '../arena/arena.ts';
import type { Toolbox } from '../arena/toolbox.ts';

/** Names of the files that every server has, and where they are. */
export interface BenchFiles {
  /** Folder with {@link NBP} and {@link SMALL_NBP}, for TFTP. */
  readonly tftp: string;
  /** Folder with {@link LARGE} and, once it is known, {@link SCRIPT}, for HTTP. */
  readonly http: string;
  /** Where Bivouac serves what others serve as {@link LARGE}. */
  readonly largePath: string;
}

/** 1 MiB, as NBPs have at most. */
export const NBP = 'snponly.efi';
/** 256 KiB. */
export const SMALL_NBP = 'undionly.kpxe';
/** 300 MB, as large layers have. */
export const LARGE = 'large.bin';
/** A boot script of 10 KB. */
export const SCRIPT = 'script.ipxe';

/** What a server is put together from. */
export interface PeerPlace {
  readonly arena: Arena;
  readonly tools: Toolbox;
  readonly files: BenchFiles;
}

/** A server that can be measured: made anew, with nothing in its stores, for each measurement. */
export interface Peer {
  readonly name: string;
  program(place: PeerPlace): Promise<ServerProgram>;
}
