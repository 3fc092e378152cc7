import { textOf } from './options.ts';

/** Start of option 60 of a client that boots by PXE (RFC 4578 section 3) or by UEFI HTTP Boot. */
export const VENDOR_CLASS = { pxe: 'PXEClient', http: 'HTTPClient' } as const;

/** Option 43 sub-option 6, PXE 2.1 table 2-1: how the client may look for a boot server. */
const PXE_DISCOVERY_CONTROL = 6;
/** Sub-option 71: which boot server, by type and layer. */
const PXE_BOOT_ITEM = 71;
/** Bit 3 of discovery control: with a boot file name in this offer, download it and discover nothing. */
const USE_BOOT_FILE_OF_THIS_OFFER = 8;
/** Bits 0 and 1 of discovery control: neither broadcast nor multicast. */
const NO_DISCOVERY_BY_BROADCAST = 3;
/** Sub-options 9 and 10: the boot menu, and how long its prompt waits. */
const PXE_BOOT_MENU = 9;
const PXE_MENU_PROMPT = 10;
/** Option 175 sub-option 176, iPXE `no-pxedhcp`: do not wait for a ProxyDHCP offer. */
const IPXE_NO_PXEDHCP = 176;

/** The value of option 43 that keeps a BIOS PXE ROM from waiting for ProxyDHCP and from asking port 4011. */
export function skipBootServerDiscovery(): Uint8Array {
  return Uint8Array.of(PXE_DISCOVERY_CONTROL, 1, USE_BOOT_FILE_OF_THIS_OFFER, 255);
}

/**
 * The value of option 43 that a Raspberry Pi looks for, the text "Raspberry Pi Boot", as the one entry of a PXE boot menu
 * (PXE 2.1 table 2-1: sub-option 9) behind a prompt that waits for nobody (sub-option 10).
 */
export function raspberryPiBoot(): Uint8Array {
  const entry = Buffer.from('Raspberry Pi Boot');
  const menu = [PXE_BOOT_MENU, entry.length + 3, 0, 0, entry.length, ...entry];
  const prompt = [PXE_MENU_PROMPT, 4, 0, ...Buffer.from('PXE')];
  return Uint8Array.of(PXE_DISCOVERY_CONTROL, 1, NO_DISCOVERY_BY_BROADCAST, ...prompt, ...menu, 255);
}

/** The value of option 175 that keeps iPXE from waiting some seconds for ProxyDHCP. */
export function skipIpxeProxyDhcp(): Uint8Array {
  return Uint8Array.of(IPXE_NO_PXEDHCP, 1, 1);
}

/** The boot server that option 43 asks for (PXE 2.1 table 2-1, PXE_BOOT_ITEM); undefined when it names none. */
export function readBootItem(
  value: Uint8Array,
): { readonly type: number; readonly layer: number } | undefined {
  let at = 0;
  while (at + 2 <= value.length && value[at] !== 255) {
    const [code = 0, length = 0] = value.subarray(at, at + 2);
    const [typeHigh, typeLow = 0, layerHigh = 0, layerLow = 0] = value.subarray(at + 2, at + 2 + length);
    if (code === PXE_BOOT_ITEM && length === 4 && typeHigh !== undefined)
      return { type: typeHigh * 256 + typeLow, layer: layerHigh * 256 + layerLow };
    // A pad has no length.
    at += code === 0 ? 1 : 2 + length;
  }
  return undefined;
}

/** Codes of option 93: a list of 16-bit numbers, the preferred one first; undefined for another length. */
export function readArchitectures(value: Uint8Array): readonly number[] | undefined {
  if (value.length === 0 || value.length % 2 !== 0) return undefined;
  const codes: number[] = [];
  for (let at = 0; at < value.length; at += 2) codes.push(((value[at] ?? 0) << 8) | (value[at + 1] ?? 0));
  return codes;
}

/** The code in `PXEClient:Arch:00007:UNDI:003000` (RFC 4578 section 3); undefined when there is none. */
export function architectureOfVendorClass(vendorClass: string): number | undefined {
  const digits = /^(?:PXE|HTTP)Client:Arch:([0-9]{5})(?::|$)/.exec(vendorClass)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/**
 * Option 97 as a UUID: type 0, then 16 octets whose first three fields are little-endian, as SMBIOS has them.
 * Undefined for another length or type, and for all zeros or all ones, which unfinished boards send.
 */
export function readMachineId(value: Uint8Array): string | undefined {
  if (!isMachineId(value)) return undefined;
  const hex = Buffer.from(value.buffer, value.byteOffset, value.length).toString('hex');
  const octet = (at: number): string => hex.slice(2 * at, 2 * at + 2);
  const little = `${octet(4)}${octet(3)}${octet(2)}${octet(1)}-${octet(6)}${octet(5)}-${octet(8)}${octet(7)}`;
  return `${little}-${hex.slice(18, 22)}-${hex.slice(22)}`;
}

/** Whether option 97 names a machine, see {@link readMachineId}. */
export function isMachineId(value: Uint8Array): boolean {
  if (value.length !== 17 || value[0] !== 0) return false;
  const first = value[1] ?? 0;
  if (first !== 0 && first !== 255) return true;
  return value.some((byte, at) => at > 1 && byte !== first);
}

/**
 * User classes of option 77. RFC 3004 section 4 makes it a list of length-prefixed texts; iPXE and others send the
 * bare text, which is told by lengths that do not add up.
 */
export function readUserClasses(value: Uint8Array): readonly string[] {
  const classes: string[] = [];
  let at = 0;
  while (at < value.length) {
    const length = value[at] ?? 0;
    const end = at + 1 + length;
    if (length === 0 || end > value.length) return [textOf(value)];
    classes.push(textOf(value.subarray(at + 1, end)));
    at = end;
  }
  return classes;
}
