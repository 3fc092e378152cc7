import type { Mac } from '../core/address.ts';
import { type ClientArchitecture, clientArchitecture } from '../core/arch.ts';
import { OPTION, type OptionMap, readText } from '../wire/dhcp/options.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import {
  architectureOfVendorClass,
  readArchitectures,
  readMachineId,
  readUserClasses,
  VENDOR_CLASS,
} from '../wire/dhcp/pxe-options.ts';
import type { IgnoreReason } from './ignore-reason.ts';

/** Who speaks, known by the MAC alone: one host shows up to three client identifiers in one boot. */
export type Client = { readonly mac: Mac /** Of the board, as SMBIOS has it. */; readonly uuid?: string } & (
  | {
      readonly stage: 'firmware';
      readonly arch: ClientArchitecture;
      /** UEFI HTTP Boot, or an architecture code that means it. */
      readonly httpBoot: boolean;
    }
  | { readonly stage: 'ipxe'; readonly arch?: ClientArchitecture }
  | { readonly stage: 'os' }
);

/** The client, or why it cannot be told. */
export type Identified =
  | { readonly ok: true; readonly client: Client }
  | { readonly ok: false; readonly reason: IgnoreReason };

/** Does the client want to boot from the network? A running system, our initramfs included, does not. */
export function isNetboot(packet: DhcpPacket): boolean {
  return stageOf(packet) !== 'os';
}

/** Who speaks, told even when the client cannot be used. */
export function stageOf(packet: DhcpPacket): Client['stage'] {
  // iPXE is told apart first: it also sends a PXEClient class, and an NBP would only start iPXE again, for ever.
  if (isIpxe(packet.options)) return 'ipxe';
  return firmwareClass(packet.options) === undefined ? 'os' : 'firmware';
}

/** Can the client be used? Tells stage and architecture from options 60, 77, 93, 97 and 175. */
export function identify(packet: DhcpPacket): Identified {
  const { options } = packet;
  const arch = architectureOf(options);
  const base = { mac: packet.chaddr, ...uuidOf(options) };
  const stage = stageOf(packet);
  if (stage === 'os') return { ok: true, client: { ...base, stage } };
  if (stage === 'ipxe') return { ok: true, client: { ...base, stage, ...(arch && { arch }) } };
  if (arch === undefined) return { ok: false, reason: 'unknown-architecture' };
  const httpBoot = arch.transport === 'http' || firmwareClass(options) === 'http';
  return { ok: true, client: { ...base, stage, arch, httpBoot } };
}

/** iPXE and gPXE send option 175; iPXE also a user class `iPXE`, which a site may have set in another loader's place. */
function isIpxe(options: OptionMap): boolean {
  const userClass = options.get(OPTION.userClass);
  return (
    options.has(OPTION.etherboot) || (userClass !== undefined && readUserClasses(userClass).includes('iPXE'))
  );
}

function firmwareClass(options: OptionMap): 'pxe' | 'http' | undefined {
  const vendorClass = readText(options, OPTION.vendorClass);
  if (vendorClass?.startsWith(VENDOR_CLASS.pxe)) return 'pxe';
  return vendorClass?.startsWith(VENDOR_CLASS.http) ? 'http' : undefined;
}

/**
 * Option 93 lists codes with the preferred one first: the first that IANA knows counts (RFC 4578 section 2.1).
 * Without a readable option 93, the code in option 60 does.
 */
function architectureOf(options: OptionMap): ClientArchitecture | undefined {
  const list = options.get(OPTION.clientArchitecture);
  const codes = list === undefined ? undefined : readArchitectures(list);
  if (codes !== undefined) return codes.map(clientArchitecture).find((arch) => arch !== undefined);
  const code = architectureOfVendorClass(readText(options, OPTION.vendorClass) ?? '');
  return code === undefined ? undefined : clientArchitecture(code);
}

function uuidOf(options: OptionMap): { readonly uuid?: string } {
  const value = options.get(OPTION.clientMachineId);
  const uuid = value === undefined ? undefined : readMachineId(value);
  return uuid === undefined ? {} : { uuid };
}
