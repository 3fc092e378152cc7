/** One installed package of a root. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** As dpkg names it; `all` for a package of every architecture. */
  readonly architecture: string;
  /** Source package, where its name is another. */
  readonly source?: string;
  readonly maintainer?: string;
}

/** The distribution as `/etc/os-release` tells it. */
export interface Distribution {
  /** `ID`, such as `debian`. */
  readonly id: string;
  /** `VERSION_CODENAME`, such as `trixie`; `VERSION_ID` where there is none. */
  readonly version?: string;
}

/** What is installed in a root, sorted by name, architecture and version. */
export interface PackageList {
  readonly distribution?: Distribution;
  readonly packages: readonly Package[];
}

/** A package in a difference: `name` has the architecture behind it (`libc6:i386`) where it is not the image's. */
export interface PackageVersion {
  readonly name: string;
  readonly version: string;
}

/** A package whose version is another, newer or older. */
export interface PackageChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** What became of the packages between two roots; each list is sorted by name. */
export interface PackageDiff {
  readonly added: readonly PackageVersion[];
  readonly removed: readonly PackageVersion[];
  readonly upgraded: readonly PackageChange[];
  /** How many more there are than the lists hold. */
  readonly omitted?: number;
}

/** Whether text has the form of a version of a Debian package (Debian policy 5.6.12). */
export function isPackageVersion(text: string): boolean {
  return /^[0-9][A-Za-z0-9.+~:-]{0,127}$/.test(text);
}
