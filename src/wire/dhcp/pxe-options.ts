import { textOf } from './options.ts';

/** Start of option 60 of a client that boots by PXE (RFC 4578 section 3) or by UEFI HTTP Boot. */
export const VENDOR_CLASS = { pxe: 'PXEClient', http: 'HTTPClient' } as const;

/** Option 43 sub-option 6, PXE 2.1 table 2-1: how the client may look for a boot server. */
const PXE_DISCOVERY_CONTROL = 6;
/** Bit 3 of discovery control: with a boot file name in this offer, download it and discover nothing. */
const USE_BOOT_FILE_OF_THIS_OFFER = 8;
/** Option 175 sub-option 176, iPXE `no-pxedhcp`: do not wait for a ProxyDHCP offer. */
const IPXE_NO_PXEDHCP = 176;

/** The value of option 43 that keeps a BIOS PXE ROM from waiting for ProxyDHCP and from asking port 4011. */
export function skipBootServerDiscovery(): Uint8Array {
  return Uint8Array.of(PXE_DISCOVERY_CONTROL, 1, USE_BOOT_FILE_OF_THIS_OFFER, 255);
}

/** The value of option 175 that keeps iPXE from waiting some seconds for ProxyDHCP. */
export function skipIpxeProxyDhcp(): Uint8Array {
  return Uint8Array.of(IPXE_NO_PXEDHCP, 1, 1);
}

/** Codes of option 93: a list of 16-bit numbers, the preferred one first; undefined for another length. */
export function readArchitectures(value: Uint8Array): readonly number[] | undefined {
  if (value.length === 0 || value.length % 2 !== 0) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.length / 2 }, (_, index) => view.getUint16(index * 2));
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
  const id = value.subarray(1);
  if (value.length !== 17 || value[0] !== 0) return undefined;
  if (id.every((byte) => byte === 0) || id.every((byte) => byte === 255)) return undefined;
  const hex = (from: number, to: number, reverse: boolean): string => {
    const field = Buffer.from(id.subarray(from, to));
    return (reverse ? field.reverse() : field).toString('hex');
  };
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)].join('-');
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
