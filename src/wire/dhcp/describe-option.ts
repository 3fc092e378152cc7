import { ipv4FromNumber } from '../../core/address.ts';
import { printable } from '../printable.ts';
import { MESSAGE_TYPES, OPTION } from './options.ts';
import { readArchitectures, readMachineId, readUserClasses } from './pxe-options.ts';

/** An option as a person reads it. */
export interface DescribedOption {
  readonly code: number;
  readonly name: string;
  readonly value: string;
}

type Kind =
  | 'addresses'
  | 'number'
  | 'seconds'
  | 'text'
  | 'codes'
  | 'message-type'
  | 'user-classes'
  | 'architectures'
  | 'machine-id'
  | 'sub-options'
  | 'client-id'
  | 'hex';

/** Names and kinds of what is met in network boot; names after IANA's registry. */
const KNOWN: Readonly<Record<number, readonly [name: string, kind: Kind]>> = {
  1: ['subnet mask', 'addresses'],
  2: ['time offset', 'number'],
  3: ['router', 'addresses'],
  4: ['time server', 'addresses'],
  6: ['domain name server', 'addresses'],
  7: ['log server', 'addresses'],
  12: ['host name', 'text'],
  13: ['boot file size', 'number'],
  15: ['domain name', 'text'],
  17: ['root path', 'text'],
  26: ['interface MTU', 'number'],
  28: ['broadcast address', 'addresses'],
  42: ['NTP server', 'addresses'],
  43: ['vendor specific', 'sub-options'],
  50: ['requested address', 'addresses'],
  51: ['lease time', 'seconds'],
  52: ['option overload', 'number'],
  53: ['message type', 'message-type'],
  54: ['server identifier', 'addresses'],
  55: ['parameter list', 'codes'],
  56: ['message', 'text'],
  57: ['maximum message size', 'number'],
  58: ['renewal time', 'seconds'],
  59: ['rebinding time', 'seconds'],
  60: ['vendor class', 'text'],
  61: ['client identifier', 'client-id'],
  66: ['TFTP server name', 'text'],
  67: ['bootfile name', 'text'],
  77: ['user class', 'user-classes'],
  82: ['relay agent', 'sub-options'],
  93: ['client architecture', 'architectures'],
  94: ['network interface', 'hex'],
  97: ['machine id', 'machine-id'],
  118: ['subnet selection', 'addresses'],
  119: ['domain search', 'hex'],
  121: ['classless routes', 'hex'],
  150: ['TFTP server address', 'addresses'],
  175: ['iPXE', 'sub-options'],
  209: ['PXE configuration file', 'text'],
  210: ['PXE path prefix', 'text'],
  252: ['web proxy', 'text'],
};

/** An option by name, its value in the form that its kind has; in hexadecimal where it has another. */
export function describeOption(code: number, value: Uint8Array): DescribedOption {
  const [name, kind] = KNOWN[code] ?? ['', 'hex'];
  return { code, name, value: valueText(kind, value) ?? hex(value) };
}

function valueText(kind: Kind, value: Uint8Array): string | undefined {
  switch (kind) {
    case 'addresses':
      return addressesText(value);
    case 'number':
      return value.length > 0 && value.length <= 4 ? String(numberOf(value)) : undefined;
    case 'seconds':
      return value.length === 4 ? `${numberOf(value)} s` : undefined;
    case 'text':
      return `"${printable(value, 255)}"`;
    case 'codes':
      return Array.from(value).join(' ');
    case 'message-type':
      return value.length === 1 ? MESSAGE_TYPES[(value[0] ?? 0) - 1] : undefined;
    case 'user-classes':
      return readUserClasses(value)
        .map((one) => `"${printable(one)}"`)
        .join(' ');
    case 'architectures':
      return readArchitectures(value)?.join(' ');
    case 'machine-id':
      return readMachineId(value);
    case 'sub-options':
      return subOptionsText(value);
    case 'client-id':
    case 'hex':
      return undefined;
  }
}

function addressesText(value: Uint8Array): string | undefined {
  if (value.length === 0 || value.length % 4 !== 0) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.length / 4 }, (_, index) =>
    ipv4FromNumber(view.getUint32(index * 4)),
  ).join(' ');
}

/** `6: 08, 9: 0000…`; undefined when the lengths do not add up. */
function subOptionsText(value: Uint8Array): string | undefined {
  const parts: string[] = [];
  let at = 0;
  while (at < value.length && value[at] !== OPTION.end) {
    const end = at + 2 + (value[at + 1] ?? value.length);
    if (end > value.length) return undefined;
    parts.push(`${value[at]}: ${hex(value.subarray(at + 2, end))}`);
    at = end;
  }
  return parts.join(', ');
}

function numberOf(value: Uint8Array): number {
  return value.reduce((number, byte) => number * 256 + byte, 0);
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}
