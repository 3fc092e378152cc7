import table from 'dhcp/lib/options.js';
import type { SetOption } from '../core/subnet.ts';
import { suggestion } from '../core/suggest.ts';
import { encodeValue, isValueKind, type ValueKind, WANTED } from './dhcp-option-value.ts';
import { isMapping, shown } from './validate.ts';

/** Tells of a fault at one of the options. */
export type OptionFault = (
  key: string,
  message: string,
  about: { readonly part: 'key' | 'value'; readonly remedy?: string },
) => void;

/** An option that can be set by name. */
interface NamedOption {
  readonly code: number;
  readonly name: string;
  readonly kind: ValueKind;
}

/** A part of one option, RFC 3396 aside: what every client can take. */
const LONGEST = 255;

/** Codes that cannot be set, and what to do instead; all others of the protocol itself are refused with them. */
const RESERVED: Readonly<Record<number, string>> = {
  1: 'it follows from "subnet"',
  3: 'the key "router" of the subnet sets it',
  6: 'the key "dns" of the subnet sets it',
  12: 'it is the name of the host',
  15: 'the key "domain" of the subnet sets it',
  28: 'it follows from "subnet"',
  43: 'the server says by it how firmware boots; see boot/quirks.yml',
  51: 'the key "lease" of the subnet sets it',
  58: 'it follows from "lease"',
  59: 'it follows from "lease"',
  60: 'the server says by it that it answers PXE',
  66: 'it follows from "server"',
  67: 'the key "bootfile" of a host sets it',
  175: 'the server says by it how iPXE boots',
};

/** What only clients, relay agents or the protocol itself may say. */
const PROTOCOL = new Set([0, 50, 52, 53, 54, 55, 56, 57, 61, 77, 80, 81, 82, 90, 93, 94, 97, 118, 145, 255]);

/** The kinds of values that RFCs give to options, where the package's table has another. */
const RFC_KINDS: Readonly<Record<number, ValueKind>> = {
  68: 'IPs', // RFC 2132 section 8.13
  119: 'domains', // RFC 3397
  121: 'routes', // RFC 3442
  249: 'routes',
};

const OPTIONS: readonly NamedOption[] = Object.entries(table.opts).flatMap(([key, { type = '', config }]) => {
  const code = Number(key);
  const kind = RFC_KINDS[code] ?? type;
  return config === undefined || code > 254 || !isValueKind(kind) ? [] : [{ code, name: config, kind }];
});

/** Names that can be set, in alphabetical order. */
export const OPTION_NAMES: readonly string[] = OPTIONS.filter(({ code }) => problemOf(code) === undefined)
  .map(({ name }) => name)
  .sort();

/** Read `options:` of a subnet: by name or code, encoded once and for all. */
export function readDhcpOptions(
  values: Readonly<Record<string, unknown>>,
  fault: OptionFault,
): readonly SetOption[] {
  const read = new Map<number, SetOption>();
  for (const [key, value] of Object.entries(values)) {
    const option = readOption(key, value, fault);
    if (option === undefined) continue;
    if (read.has(option.code))
      fault(key, `Option ${option.code} is given twice`, { part: 'key', remedy: 'Keep one of them' });
    read.set(option.code, option);
  }
  return [...read.values()];
}

function readOption(key: string, given: unknown, fault: OptionFault): SetOption | undefined {
  const named = OPTIONS.find(({ name, code }) => name === key || String(code) === key);
  const code = named?.code ?? (/^[0-9]{1,3}$/.test(key) ? Number(key) : undefined);
  if (code === undefined || code > 255) {
    fault(key, `There is no DHCP option ${JSON.stringify(key)}`, { part: 'key', remedy: nameRemedy(key) });
    return undefined;
  }
  const problem = problemOf(code);
  if (problem !== undefined) {
    fault(key, `Option ${code} cannot be set: ${problem}`, { part: 'key', remedy: 'Remove it' });
    return undefined;
  }
  const always = isMapping(given) && given['always'] === true;
  const value = isMapping(given) ? typed(given, named?.kind) : { kind: named?.kind, value: given };
  const bytes = value?.kind === undefined ? undefined : encodeValue(value.kind, value.value);
  if (bytes !== undefined && bytes.length > 0 && bytes.length <= LONGEST)
    return { code, value: bytes, always };
  const wanted = named === undefined ? '{hex: …}, {text: …} or {addresses: […]}' : WANTED[named.kind];
  const what = `"${key}" is ${shown(given)}, wanted ${wanted}`;
  const tooLong = bytes !== undefined && bytes.length > LONGEST;
  fault(key, tooLong ? `${what}, at most ${LONGEST} octets` : what, { part: 'value' });
  return undefined;
}

/** `{value: …}` of the table's kind, or a value that says its kind: `{hex: …}`, `{text: …}`, `{addresses: …}`. */
function typed(
  given: Record<string, unknown>,
  kind: ValueKind | undefined,
): { readonly kind: ValueKind | undefined; readonly value: unknown } | undefined {
  const keys = Object.keys(given).filter((key) => key !== 'always');
  const isSwitch = given['always'] === undefined || typeof given['always'] === 'boolean';
  const [key] = keys;
  if (key === undefined || keys.length !== 1 || !isSwitch) return undefined;
  const kinds: Readonly<Record<string, ValueKind | undefined>> = {
    value: kind,
    hex: 'hex',
    text: 'ASCII',
    addresses: 'IPs',
  };
  return { kind: kinds[key], value: given[key] };
}

function problemOf(code: number): string | undefined {
  return RESERVED[code] ?? (PROTOCOL.has(code) ? 'it belongs to the protocol itself' : undefined);
}

function nameRemedy(key: string): string {
  const near = suggestion(key, OPTION_NAMES, 'options');
  return near.startsWith('Did')
    ? near
    : `Give its code, 1 to 254, or one of the names: ${OPTION_NAMES.join(', ')}`;
}
