import type { Mac } from '../core/address.ts';
import { type ClientArchitecture, clientArchitecture } from '../core/arch.ts';
import type { Workarounds } from '../core/quirk.ts';
import { OPTION, type OptionMap, readText, startsWith } from '../wire/dhcp/options.ts';
import type { DhcpPacket } from '../wire/dhcp/packet.ts';
import {
  architectureOfVendorClass,
  readArchitectures,
  readMachineId,
  readUserClasses,
  VENDOR_CLASS,
} from '../wire/dhcp/pxe-options.ts';
import { printable } from '../wire/printable.ts';
import type { IgnoreReason } from './ignore-reason.ts';
import type { Trace } from './trace.ts';

/** Who speaks, known by the MAC alone: one host shows up to three client identifiers in one boot. */
export type Client = { readonly mac: Mac /** Of the board, as SMBIOS has it. */; readonly uuid?: string } & (
  | {
      readonly stage: 'firmware';
      readonly arch: ClientArchitecture;
      /** UEFI HTTP Boot, or an architecture code that means it. */
      readonly httpBoot: boolean;
      readonly dialect: FirmwareDialect;
    }
  | { readonly stage: 'ipxe'; readonly arch?: ClientArchitecture }
  | { readonly stage: 'os' }
);

/** What firmware calls itself in option 60; `other` tells only an architecture, as U-Boot does. */
export type FirmwareDialect = 'pxe' | 'http' | 'other';

/** The client, or why it cannot be told. */
export type Identified =
  | { readonly ok: true; readonly client: Client }
  | { readonly ok: false; readonly reason: IgnoreReason };

/** What a message is read with. */
export interface Reading {
  readonly workarounds?: Workarounds;
  readonly trace?: Trace | undefined;
}

/** Does the client want to boot from the network? A running system, our initramfs included, does not. */
export function isNetboot(packet: DhcpPacket): boolean {
  return stageOf(packet) !== 'os';
}

/** Who speaks, told even when the client cannot be used. */
export function stageOf({ options }: DhcpPacket): Client['stage'] {
  // iPXE is told apart first: it also sends a PXEClient class, and an NBP would only start iPXE again, for ever.
  if (isIpxe(options)) return 'ipxe';
  return firmwareDialect(options) === undefined ? 'os' : 'firmware';
}

/** Can the client be used? Tells stage and architecture from options 60, 77, 93, 97 and 175. */
export function identify(packet: DhcpPacket, { workarounds = {}, trace }: Reading = {}): Identified {
  const { options } = packet;
  const stage = stageOf(packet);
  if (trace !== undefined) traceStage(options, trace);
  const base = { mac: packet.chaddr, ...uuidOf(options) };
  if (stage === 'os') return { ok: true, client: { ...base, stage } };
  const arch = architectureOf(options, { workarounds, trace });
  if (stage === 'ipxe') return { ok: true, client: { ...base, stage, ...(arch && { arch }) } };
  if (arch === undefined) return { ok: false, reason: 'unknown-architecture' };
  const dialect = firmwareDialect(options) ?? 'other';
  const httpBoot = arch.transport === 'http' || dialect === 'http';
  return { ok: true, client: { ...base, stage, arch, httpBoot, dialect } };
}

/** What firmware calls itself; undefined for what is no firmware. RFC 4578 section 2.1: only network boot has option 93. */
export function firmwareDialect(options: OptionMap): FirmwareDialect | undefined {
  const vendorClass = options.get(OPTION.vendorClass);
  if (startsWith(vendorClass, VENDOR_CLASS.pxe)) return 'pxe';
  if (startsWith(vendorClass, VENDOR_CLASS.http)) return 'http';
  return options.has(OPTION.clientArchitecture) ? 'other' : undefined;
}

/** The architecture codes a client announces, the preferred one first: option 93, else the vendor class. */
export function announcedArchitectures(options: OptionMap): readonly number[] {
  const list = options.get(OPTION.clientArchitecture);
  const codes = list === undefined ? undefined : readArchitectures(list);
  if (codes !== undefined) return codes;
  const code = architectureOfVendorClass(readText(options, OPTION.vendorClass) ?? '');
  return code === undefined ? [] : [code];
}

/** User classes (option 77) of a client; none when it sends none. */
export function userClassesOf(options: OptionMap): readonly string[] {
  const userClass = options.get(OPTION.userClass);
  return userClass === undefined ? [] : readUserClasses(userClass);
}

/** iPXE and gPXE send option 175; iPXE also a user class `iPXE`, which a site may have set in another loader's place. */
function isIpxe(options: OptionMap): boolean {
  if (options.has(OPTION.etherboot)) return true;
  return options.has(OPTION.userClass) && userClassesOf(options).includes('iPXE');
}

/** The first code that IANA knows counts (RFC 4578 section 2.1), unless a quirk says that it cannot be believed. */
function architectureOf(
  options: OptionMap,
  { workarounds = {}, trace }: Reading,
): ClientArchitecture | undefined {
  const announced = announcedArchitectures(options);
  const believed = workarounds.treatAsArchitecture;
  const codes = believed === undefined ? announced : [believed];
  const arch = codes.map(clientArchitecture).find((each) => each !== undefined);
  trace?.({
    step: 'client',
    rule: 'architecture (option 93, else 60)',
    taken: arch !== undefined,
    why:
      (announced.length === 0 ? 'none is announced' : `announced ${announced.slice(0, 8).join(', ')}`) +
      (believed === undefined ? '' : `, a quirk says ${believed}`) +
      (arch === undefined ? ': not known' : `: ${arch.name}`),
  });
  return arch;
}

function traceStage(options: OptionMap, trace: Trace): void {
  const told = (rule: string, taken: boolean, why: string): void =>
    trace({ step: 'client', rule, taken, why });
  const userClasses = userClassesOf(options).map((each) => JSON.stringify(printable(each, 40)));
  told(
    'iPXE: option 175',
    options.has(OPTION.etherboot),
    options.has(OPTION.etherboot) ? 'present' : 'absent',
  );
  told(
    'iPXE: user class "iPXE" (option 77)',
    userClassesOf(options).includes('iPXE'),
    userClasses.join(', ') || 'absent',
  );
  if (isIpxe(options)) return;
  const vendorClass = readText(options, OPTION.vendorClass);
  const dialect = firmwareDialect(options);
  told(
    'firmware: vendor class (option 60)',
    dialect === 'pxe' || dialect === 'http',
    vendorClass === undefined ? 'absent' : JSON.stringify(printable(vendorClass, 80)),
  );
  if (dialect === 'other') told('firmware: option 93', true, 'only network boot sends it');
  if (dialect === undefined) told('running system', true, 'nothing above holds');
}

function uuidOf(options: OptionMap): { readonly uuid?: string } {
  const value = options.get(OPTION.clientMachineId);
  const uuid = value === undefined ? undefined : readMachineId(value);
  return uuid === undefined ? {} : { uuid };
}
