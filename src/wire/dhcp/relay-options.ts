import type { Ipv4 } from '../../core/address.ts';
import { OPTION, type OptionMap, readAddress } from './options.ts';

/** Sub-options of option 82 that a server acts upon. */
const RELAY_OPTION = {
  /** RFC 3527: an address on the link that the client is on. */
  linkSelection: 5,
  /** RFC 5107: what clients shall take for the server's address. */
  serverIdOverride: 11,
} as const;

/** What a relay agent says of a message besides its own address. */
export interface RelayWord {
  /** An address on the client's link, where that is not the relay agent's. */
  readonly link?: Ipv4;
  /** The server identifier to use, so that renewals come by the relay agent as well. */
  readonly serverId?: Ipv4;
}

/** Read options 82 and 118; sub-options that are cut off or of a wrong length say nothing. */
export function readRelayWord(options: OptionMap): RelayWord {
  const suboptions = readSuboptions(options.get(OPTION.relayAgent));
  // RFC 3527 section 3: of link selection, subnet selection (RFC 3011) and giaddr, the first counts.
  const link =
    readAddress(suboptions, RELAY_OPTION.linkSelection) ?? readAddress(options, OPTION.subnetSelection);
  const serverId = readAddress(suboptions, RELAY_OPTION.serverIdOverride);
  return { ...(link === undefined ? {} : { link }), ...(serverId === undefined ? {} : { serverId }) };
}

/** RFC 3046 section 2.0: code, length, value, without padding or an end. */
function readSuboptions(value: Uint8Array = new Uint8Array(0)): OptionMap {
  const found = new Map<number, Uint8Array>();
  let at = 0;
  while (at + 2 <= value.length) {
    const [code = 0, length = 0] = value.subarray(at, at + 2);
    if (at + 2 + length > value.length) break;
    if (!found.has(code)) found.set(code, value.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}
