/** What a client's message must have for a quirk to be meant: all that is given must hold, of each list one. */
export interface QuirkMatch {
  /** Beginnings of option 60. */
  readonly vendorClasses?: readonly string[];
  /** Beginnings of one of the user classes (option 77). */
  readonly userClasses?: readonly string[];
  /** Beginnings of the MAC address, whole octets as in `b8:27:eb`. */
  readonly macs?: readonly string[];
  /** Codes of option 93, or of the vendor class where that option is missing. */
  readonly architectures?: readonly number[];
  readonly stages?: readonly ('firmware' | 'ipxe' | 'os')[];
  /** Options by code; undefined: any value. */
  readonly options?: ReadonlyMap<number, Uint8Array | undefined>;
}

/** What is done differently for a client. */
export interface Workarounds {
  /** The architecture code to believe instead of the one it sends. */
  readonly treatAsArchitecture?: number;
  /** The bootfile of its firmware: a file of the image `nbp`, or for HTTP Boot a URL. */
  readonly bootfile?: string;
  /** Where the bootfile and the TFTP server are said: in the header's fields only, or in options 66 and 67 only. */
  readonly bootfileIn?: 'fields' | 'options';
  /** End the texts of options 66 and 67 with a NUL. */
  readonly nulTerminated?: boolean;
  /** Options to leave out. */
  readonly withoutOptions?: readonly number[];
  /** Answer by broadcast though the client did not ask for that. */
  readonly broadcast?: boolean;
  /** `full`: an address and boot data in one answer, also where the mode is `auto`. `never`: no answer. */
  readonly serve?: 'full' | 'never';
}

/** A client known to be odd, and what makes it boot. */
export interface Quirk {
  readonly name: string;
  readonly match: QuirkMatch;
  readonly workarounds: Workarounds;
}
