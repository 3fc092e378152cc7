/** Keys and list indices from the top of a file to a value. */
export type Path = readonly (string | number)[];

/** The piece of a file's text that a fault is about. */
export interface FaultPlace {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** Characters marked by the caret, at least 1. */
  readonly length: number;
  /** The whole line, without its end. */
  readonly source: string;
}

/** One thing that is wrong with a site's files. */
export interface ConfigFault {
  /** Absolute path of the file or folder. */
  readonly file: string;
  /** Undefined for a fault of the file as a whole. */
  readonly place?: FaultPlace;
  readonly message: string;
  readonly remedy?: string;
}

/** Collects faults: nothing stops at the first one. */
export class FaultList {
  readonly faults: ConfigFault[] = [];

  /** A fault of a whole file or folder. */
  file(file: string, message: string, remedy?: string): void {
    this.faults.push({ file, message, ...(remedy === undefined ? {} : { remedy }) });
  }

  /** A fault at a place of a file. */
  at(where: { readonly file: string; readonly place: FaultPlace }, message: string, remedy?: string): void {
    this.faults.push({ ...where, message, ...(remedy === undefined ? {} : { remedy }) });
  }

  /** All faults in the order of a reader: file by file as they were read, each from top to bottom. */
  sorted(): readonly ConfigFault[] {
    const files = [...new Set(this.faults.map(({ file }) => file))];
    const rank = ({ file, place }: ConfigFault) => [
      files.indexOf(file),
      place?.line ?? 0,
      place?.column ?? 0,
    ];
    return this.faults
      .map((fault) => ({ fault, rank: rank(fault) }))
      .sort((a, b) => a.rank.reduce((order, part, index) => order || part - (b.rank[index] ?? 0), 0))
      .map(({ fault }) => fault);
  }
}
