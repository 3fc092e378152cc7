/** Error codes of RFC 1350 (appendix) and RFC 2347 (8). */
export const TFTP_ERROR = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransfer: 5,
  optionsRefused: 8,
} as const;

/** Option names in lower case with their values, as in the packet; the first of two equal names counts (RFC 2347). */
export type TftpOptions = ReadonlyMap<string, string>;

/** What a read or write request holds; `mode` is in lower case. */
export interface TftpRequest {
  readonly file: string;
  readonly mode: string;
  readonly options: TftpOptions;
}

/** One TFTP message (RFC 1350 section 5, RFC 2347). Texts are Latin-1, octet for octet. */
export type TftpPacket =
  | ({ readonly kind: 'read' } & TftpRequest)
  | ({ readonly kind: 'write' } & TftpRequest)
  | { readonly kind: 'data'; readonly block: number; readonly data: Uint8Array }
  | { readonly kind: 'ack'; readonly block: number }
  | { readonly kind: 'error'; readonly code: number; readonly message: string }
  | { readonly kind: 'oack'; readonly options: TftpOptions };

/** Why bytes are not a message we can read. */
export type TftpMalformed = 'too-short' | 'too-long' | 'bad-opcode' | 'bad-strings';

/** What decoding gives: the message, or the reason there is none. */
export type DecodedTftp =
  | { readonly ok: true; readonly packet: TftpPacket }
  | { readonly ok: false; readonly reason: TftpMalformed };

const OPCODE = { read: 1, write: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;
/** RFC 2347: "The maximum size of a request packet is 512 octets"; the bound serves for OACK and ERROR too. */
const MAXIMUM_TEXT_PACKET = 512;

/** Read a message. Never throws; texts are bounded by 512 octets in all. */
export function decodeTftp(bytes: Uint8Array): DecodedTftp {
  if (bytes.length < 4) return { ok: false, reason: 'too-short' };
  const opcode = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const number = ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  switch (opcode) {
    case OPCODE.data:
      return { ok: true, packet: { kind: 'data', block: number, data: bytes.subarray(4) } };
    case OPCODE.ack:
      return { ok: true, packet: { kind: 'ack', block: number } };
    case OPCODE.error:
      return { ok: true, packet: { kind: 'error', code: number, message: boundedText(bytes.subarray(4)) } };
    case OPCODE.read:
    case OPCODE.write:
    case OPCODE.oack:
      return decodeTexts(opcode, bytes);
    default:
      return { ok: false, reason: 'bad-opcode' };
  }
}

/** Write a message. */
export function encodeTftp(packet: TftpPacket): Uint8Array {
  switch (packet.kind) {
    case 'read':
    case 'write':
      return texts(OPCODE[packet.kind], [packet.file, packet.mode, ...flat(packet.options)]);
    case 'oack':
      return texts(OPCODE.oack, flat(packet.options));
    case 'data':
      return Buffer.concat([header(OPCODE.data, packet.block), packet.data]);
    case 'ack':
      return header(OPCODE.ack, packet.block);
    case 'error':
      return Buffer.concat([header(OPCODE.error, packet.code), Buffer.from(`${packet.message}\0`, 'latin1')]);
  }
}

function decodeTexts(opcode: 1 | 2 | 6, bytes: Uint8Array): DecodedTftp {
  if (bytes.length > MAXIMUM_TEXT_PACKET) return { ok: false, reason: 'too-long' };
  const strings = Buffer.from(bytes.subarray(2)).toString('latin1').split('\0');
  // Every string ends in NUL, so the last piece is empty; some ROMs pad the request with more NULs.
  if (strings.pop() !== '') return { ok: false, reason: 'bad-strings' };
  if (opcode === OPCODE.oack) return { ok: true, packet: { kind: 'oack', options: optionsOf(strings) } };
  const [file, mode, ...rest] = strings;
  if (file === undefined || file === '' || mode === undefined || mode === '') {
    return { ok: false, reason: 'bad-strings' };
  }
  const kind = opcode === OPCODE.read ? 'read' : 'write';
  return { ok: true, packet: { kind, file, mode: mode.toLowerCase(), options: optionsOf(rest) } };
}

/** Pairs of name and value; a name without a value, or an empty one, is no option. */
function optionsOf(strings: readonly string[]): TftpOptions {
  const options = new Map<string, string>();
  for (let at = 0; at + 1 < strings.length; at += 2) {
    const name = strings[at]?.toLowerCase() ?? '';
    const value = strings[at + 1];
    if (name !== '' && value !== undefined && !options.has(name)) options.set(name, value);
  }
  return options;
}

function boundedText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.subarray(0, MAXIMUM_TEXT_PACKET)).toString('latin1');
  return text.split('\0', 1)[0] ?? '';
}

function flat(options: TftpOptions): readonly string[] {
  return [...options].flat();
}

function texts(opcode: number, strings: readonly string[]): Uint8Array {
  return Buffer.from(
    `\0${String.fromCharCode(opcode)}${strings.map((each) => `${each}\0`).join('')}`,
    'latin1',
  );
}

function header(opcode: number, value: number): Uint8Array {
  return Uint8Array.of(0, opcode, (value >> 8) & 255, value & 255);
}
