import type { Ipv4, Mac } from '../../core/address.ts';
import { macToBytes } from '../../core/address.ts';
import { addresses, OPTION, octet, text } from '../../wire/dhcp/options.ts';
import { BROADCAST_FLAG, type DhcpPacket, encodePacket, NO_ADDRESS } from '../../wire/dhcp/packet.ts';
import type { StormFirmware } from './plan.ts';

/** Who asks for an address: the steps of one boot. */
export type DhcpSpeaker = StormFirmware | 'ipxe-bios' | 'ipxe-uefi' | 'initramfs';

/** One message of a simulated host. */
export interface Asking {
  readonly mac: Mac;
  readonly speaker: DhcpSpeaker;
  readonly xid: number;
  /** Seconds since it began to ask. */
  readonly secs: number;
  /** The offer that is taken; undefined: a DISCOVER. */
  readonly selected?: { readonly address: Ipv4; readonly server: Ipv4 };
}

const DISCOVER = 1;
const REQUEST = 3;
type Options = readonly (readonly [number, Uint8Array])[];

/**
 * The message as the firmware, iPXE or busybox of a real host sends it; options after captures in `test/fixtures/dhcp`.
 * All set the broadcast flag: simulated hosts share one card, which takes no frames for other hardware addresses.
 */
export function dhcpMessage({ mac, speaker, xid, secs, selected }: Asking): Uint8Array {
  const choice: Options =
    selected === undefined
      ? [[OPTION.messageType, octet(DISCOVER)]]
      : [
          [OPTION.messageType, octet(REQUEST)],
          [OPTION.serverIdentifier, addresses(selected.server)],
          [OPTION.requestedAddress, addresses(selected.address)],
        ];
  const packet: DhcpPacket = {
    op: 1,
    hops: 0,
    xid,
    secs,
    flags: BROADCAST_FLAG,
    ciaddr: NO_ADDRESS,
    yiaddr: NO_ADDRESS,
    siaddr: NO_ADDRESS,
    giaddr: NO_ADDRESS,
    chaddr: mac,
    sname: '',
    file: '',
    options: new Map([...choice, ...optionsOf(speaker, mac)]),
  };
  return encodePacket(packet);
}

function optionsOf(speaker: DhcpSpeaker, mac: Mac): Options {
  switch (speaker) {
    case 'bios':
      return [...pxeOptions(0, 'PXEClient:Arch:00000:UNDI:002001', 1260), machineId(mac)];
    case 'uefi':
      return [...pxeOptions(7, 'PXEClient:Arch:00007:UNDI:003000', 1472), machineId(mac)];
    case 'ipxe-bios':
      return [...pxeOptions(0, 'PXEClient:Arch:00000:UNDI:002001', 1472), ...ipxeOptions(mac)];
    case 'ipxe-uefi':
      return [...pxeOptions(7, 'PXEClient:Arch:00007:UNDI:003010', 1472), ...ipxeOptions(mac)];
    case 'initramfs':
      return [
        [OPTION.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 26, 28, 42, 121)],
        [OPTION.maxMessageSize, Uint8Array.of(2, 64)],
        [OPTION.vendorClass, text('bivouac')],
        [OPTION.clientIdentifier, Uint8Array.of(1, ...macToBytes(mac))],
      ];
  }
}

function pxeOptions(architecture: number, vendorClass: string, size: number): Options {
  return [
    [OPTION.parameterList, Uint8Array.of(1, 3, 6, 12, 15, 17, 26, 43, 60, 66, 67, 128, 129, 130, 131, 175)],
    [OPTION.maxMessageSize, Uint8Array.of(size >> 8, size & 255)],
    [OPTION.vendorClass, text(vendorClass)],
    [OPTION.clientArchitecture, Uint8Array.of(0, architecture)],
    // Option 94, RFC 4578 section 2.2: UNDI 3.1.
    [94, Uint8Array.of(1, 3, 1)],
  ];
}

function ipxeOptions(mac: Mac): Options {
  return [
    [OPTION.userClass, text('iPXE')],
    // Card, version 1.21, and the protocols that it speaks, http (19) among them.
    [OPTION.etherboot, Uint8Array.of(177, 5, 1, 0x1a, 0xf4, 0x10, 0, 235, 3, 1, 21, 0, 19, 1, 1, 21, 1, 1)],
    [OPTION.clientIdentifier, Uint8Array.of(1, ...macToBytes(mac))],
    machineId(mac),
  ];
}

/** RFC 4578 section 2.3: type 0, then the board's UUID, made up from the MAC. */
function machineId(mac: Mac): readonly [number, Uint8Array] {
  return [
    OPTION.clientMachineId,
    Uint8Array.of(0, 0x91, 0, 0, 0, 0, 0, 0, 0x40, 0x80, 0, ...macToBytes(mac)),
  ];
}
