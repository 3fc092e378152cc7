import { type Ipv4, type Mac, macToBytes } from '../core/address.ts';
import { clientArchitecture } from '../core/arch.ts';
import { addresses, OPTION, octet, text } from '../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, NO_ADDRESS } from '../wire/dhcp/packet.ts';

/** A client that can be played. */
export type PlayedClient =
  | { readonly kind: 'firmware'; readonly architecture: number }
  | { readonly kind: 'ipxe' }
  | { readonly kind: 'os' };

/** Architecture codes by the names that the command line has for them. */
const ARCHITECTURES: Readonly<Record<string, number>> = { bios: 0, uefi: 7, 'uefi-http': 16, arm64: 11 };

/** Names that {@link parseClient} takes, for a message. */
export const CLIENT_NAMES = `${Object.keys(ARCHITECTURES).join(', ')}, ipxe, os, arch:N`;

/** Parse `uefi`, `ipxe`, `arch:27`; undefined for another name. */
export function parseClient(name: string): PlayedClient | undefined {
  if (name === 'ipxe' || name === 'os') return { kind: name };
  const digits = /^arch:([0-9]{1,5})$/.exec(name)?.[1];
  const code = digits === undefined ? undefined : Number(digits);
  const architecture = Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : code;
  if (architecture === undefined || architecture > 0xffff) return undefined;
  return { kind: 'firmware', architecture };
}

/** Who is played, and what it asks for. */
export interface Played {
  readonly mac: Mac;
  readonly client: PlayedClient;
  /** The relay agent that passes the message on, for a subnet that is reached by one. */
  readonly relay?: Ipv4;
  /** What it was offered before, to be taken now. Undefined: it asks for an offer. */
  readonly offered?: { readonly address: Ipv4; readonly server: Ipv4 };
}

type Options = readonly (readonly [number, Uint8Array])[];

/** What EDK2, iPXE and ISC dhclient ask for. */
const ASKED = {
  firmware: [1, 3, 6, 12, 13, 15, 17, 28, 43, 54, 60, 66, 67, 97],
  ipxe: [1, 3, 6, 7, 12, 15, 17, 26, 42, 43, 60, 66, 67, 119, 175, 203],
  os: [1, 28, 2, 3, 15, 6, 119, 12, 26, 121, 42],
} as const;

/** The DISCOVER or REQUEST that such a client sends. */
export function playedMessage({ mac, client, relay = NO_ADDRESS, offered }: Played): DhcpPacket {
  const taking: Options =
    offered === undefined
      ? []
      : [
          [OPTION.serverIdentifier, addresses(offered.server)],
          [OPTION.requestedAddress, addresses(offered.address)],
        ];
  return {
    op: 1,
    hops: relay === NO_ADDRESS ? 0 : 1,
    xid: 0x0b1f0ac0,
    secs: 0,
    flags: client.kind === 'firmware' ? BROADCAST_FLAG : 0,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: relay,
    chaddr: mac,
    sname: '',
    file: '',
    options: new Map([
      [OPTION.messageType, octet(offered === undefined ? 1 : 3)],
      ...taking,
      [OPTION.parameterList, Uint8Array.from(ASKED[client.kind])],
      [OPTION.maxMessageSize, Uint8Array.of(1472 >> 8, 1472 & 255)],
      ...ownOptions(client, mac),
    ]),
  };
}

function ownOptions(client: PlayedClient, mac: Mac): Options {
  switch (client.kind) {
    case 'firmware':
      return announcing(client.architecture);
    case 'ipxe':
      return [
        ...announcing(7),
        [OPTION.userClass, text('iPXE')],
        [OPTION.etherboot, Uint8Array.of(0xeb, 3, 1, 0, 0)],
      ];
    case 'os':
      return [[OPTION.clientIdentifier, Uint8Array.of(1, ...macToBytes(mac))]];
  }
}

function announcing(code: number): Options {
  const name = clientArchitecture(code)?.transport === 'http' ? 'HTTPClient' : 'PXEClient';
  return [
    [OPTION.vendorClass, text(`${name}:Arch:${String(code).padStart(5, '0')}:UNDI:003000`)],
    [OPTION.clientArchitecture, Uint8Array.of(code >> 8, code & 255)],
  ];
}
