import { type Ipv4, type Mac, macWithDashes } from './address.ts';
import type { Cpu } from './arch.ts';
import type { ChannelName, ImageName } from './image.ts';

declare const hostNameBrand: unique symbol;

/** A host's name: one DNS label (RFC 1123 section 2.1), lower case, at most 63 octets. */
export type HostName = string & { readonly [hostNameBrand]: true };

/** A value of a host's `variables`; what YAML and JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where a host's record is kept, and so where it has to be changed. */
export type HostSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'api' }
  /** Nobody registered it: the policy for unknown hosts made it up. */
  | { readonly kind: 'policy' };

/** One machine to boot, known by its MAC addresses. */
export interface Host {
  readonly name: HostName;
  /** At least one; no other host owns any of them. */
  readonly macs: readonly [Mac, ...Mac[]];
  /** Reserved address; a host without one gets an address from the pool. */
  readonly address?: Ipv4;
  readonly image: ImageName;
  readonly channel: ChannelName;
  /** Which of the image's releases it boots; without it what its firmware says counts. */
  readonly architecture?: Cpu;
  /** Kernel arguments after those of the release. */
  readonly cmdline: readonly string[];
  /** What its firmware boots instead of the usual NBP: a file of the image `nbp`, or for HTTP Boot a URL. */
  readonly bootfile?: string;
  /** Names the templates of this host's conffs may use. */
  readonly variables: { readonly [key: string]: Json };
  readonly source: HostSource;
}

/** What DHCP has to know of whom it serves. */
export type Lodger = Pick<Host, 'name' | 'address' | 'bootfile' | 'source'> & {
  /** It gets an address and nothing to boot: nobody registered it. */
  readonly isGuest?: true;
};

/** The name of the host that the policy for unknown hosts makes up for a MAC: `unknown-52-54-00-12-34-56`. */
export function unknownHostName(mac: Mac): HostName {
  return `unknown-${macWithDashes(mac)}` as HostName;
}

/** Whether a name has the form of {@link unknownHostName}. */
export function isUnknownHostName(name: string): boolean {
  return /^unknown(?:-[0-9a-f]{2}){6}$/.test(name);
}

/** Parse a host name; upper case is folded; undefined when it is no DNS label. */
export function parseHostName(text: string): HostName | undefined {
  const name = text.toLowerCase();
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(name) ? (name as HostName) : undefined;
}
