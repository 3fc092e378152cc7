import { OPTION, type OptionMap, octet } from './options.ts';

/** Octets that options may take, area by area; 0 where a field holds a text of its own. */
export interface OptionRoom {
  readonly options: number;
  readonly file: number;
  readonly sname: number;
}

/** Options as they are sent, each area with its end. */
export interface LaidOut {
  readonly options: Uint8Array;
  readonly file?: Uint8Array;
  readonly sname?: Uint8Array;
}

/** What a client cannot go on without, the most needed first; options not named here are left out before these. */
const NEEDED: readonly number[] = [
  OPTION.messageType,
  OPTION.serverIdentifier,
  OPTION.leaseTime,
  OPTION.subnetMask,
  OPTION.router,
  OPTION.vendorClass,
  OPTION.bootfileName,
  OPTION.tftpServerName,
  OPTION.vendorSpecific,
  OPTION.etherboot,
  OPTION.clientMachineId,
  OPTION.clientIdentifier,
  OPTION.domainNameServer,
];
const END = Uint8Array.of(OPTION.end);
/** What is written first and last. */
const ENDS: readonly number[] = [OPTION.messageType, OPTION.serverIdentifier, OPTION.relayAgent];
/** What is not written in its turn. */
const APART = new Set<number>([...ENDS, OPTION.overload, OPTION.pad, OPTION.end]);
/** Octets for message type, server, lease time, overload and the end. */
const LEAST_BESIDE_RELAY = 24;

/** Octets that options take when they are simply written one after the other, the end included. */
export function plainLength(options: OptionMap): number {
  let length = END.length;
  for (const [code, value] of options) if (!APART.has(code)) length += writtenLength(value);
  for (const code of ENDS) {
    const value = options.get(code);
    if (value !== undefined) length += writtenLength(value);
  }
  return length;
}

/** Write all options from a place on, which has {@link plainLength} octets of room, in the order of {@link layOutOptions}. */
export function putPlain(options: OptionMap, bytes: Uint8Array, start: number): void {
  let at = start;
  at = putOption(bytes, at, [OPTION.messageType, options.get(OPTION.messageType)]);
  at = putOption(bytes, at, [OPTION.serverIdentifier, options.get(OPTION.serverIdentifier)]);
  for (const option of options) if (!APART.has(option[0])) at = putOption(bytes, at, option);
  at = putOption(bytes, at, [OPTION.relayAgent, options.get(OPTION.relayAgent)]);
  bytes[at] = OPTION.end;
}

/**
 * Write options: 53 first, 54 next, 82 last (RFC 3046 section 2.1), the others in their order. When they do not fit, free
 * fields of the header are used as well (option overload, RFC 2132 section 9.3), and what still does not fit is left out,
 * the least needed first.
 */
export function layOutOptions(options: OptionMap, room: OptionRoom): LaidOut {
  const echo = encodeOption(OPTION.relayAgent, options.get(OPTION.relayAgent));
  // RFC 3046 section 2.2: what cannot be returned whole is not returned.
  const relay = echo.length <= room.options - LEAST_BESIDE_RELAY ? echo : new Uint8Array(0);
  const codes = inReplyOrder(options);
  const encoded = codes.map((code) => encodeOption(code, options.get(code)));
  const length = encoded.reduce((sum, { length: each }) => sum + each, relay.length + END.length);
  if (length <= room.options) return { options: Buffer.concat([...encoded, relay, END]) };
  return overload(codes, { options, room, relay });
}

interface Overload {
  readonly options: OptionMap;
  readonly room: OptionRoom;
  readonly relay: Uint8Array;
}

function overload(codes: readonly number[], { options, room, relay }: Overload): LaidOut {
  const announced = room.file > 0 || room.sname > 0 ? OVERLOAD_LENGTH : 0;
  const areas = [
    new Area(room.options - relay.length - END.length - announced),
    new Area(room.file - END.length),
    new Area(room.sname - END.length),
  ] as const;
  // RFC 2131 section 4.1: clients read the areas in this order.
  for (const code of byNeed(codes)) {
    const bytes = encodeOption(code, options.get(code));
    areas.find((area) => area.take(bytes));
  }
  const [main, file, sname] = areas;
  const bits = (file.isEmpty ? 0 : 1) + (sname.isEmpty ? 0 : 2);
  const [type = new Uint8Array(0), ...rest] = main.taken;
  const told = bits === 0 ? [] : [encodeOption(OPTION.overload, octet(bits))];
  return {
    options: Buffer.concat([type, ...told, ...rest, relay, END]),
    ...(file.isEmpty ? {} : { file: Buffer.concat([...file.taken, END]) }),
    ...(sname.isEmpty ? {} : { sname: Buffer.concat([...sname.taken, END]) }),
  };
}

const OVERLOAD_LENGTH = 3;

/** One place for options. */
class Area {
  readonly taken: Uint8Array[] = [];
  #left: number;

  constructor(room: number) {
    this.#left = room;
  }

  get isEmpty(): boolean {
    return this.taken.length === 0;
  }

  /** Whether there was room for it. */
  take(bytes: Uint8Array): boolean {
    if (bytes.length > this.#left) return false;
    this.taken.push(bytes);
    this.#left -= bytes.length;
    return true;
  }
}

function inReplyOrder(options: OptionMap): readonly number[] {
  const first = [OPTION.messageType, OPTION.serverIdentifier].filter((code) => options.has(code));
  return [...first, ...[...options.keys()].filter((code) => !APART.has(code))];
}

function byNeed(codes: readonly number[]): readonly number[] {
  return [
    ...NEEDED.filter((code) => codes.includes(code)),
    ...codes.filter((code) => !NEEDED.includes(code)),
  ];
}

function encodeOption(code: number, value: Uint8Array | undefined): Uint8Array {
  const bytes = new Uint8Array(value === undefined ? 0 : writtenLength(value));
  putOption(bytes, 0, [code, value]);
  return bytes;
}

const MOST_OF_ONE = 255;

function writtenLength({ length }: Uint8Array): number {
  return length + 2 * Math.max(1, Math.ceil(length / MOST_OF_ONE));
}

/**
 * Write code, length, value; a value above 255 octets is split into options of the same code (RFC 3396 section 6). Gives the
 * place behind it.
 */
function putOption(
  bytes: Uint8Array,
  start: number,
  [code, value]: readonly [code: number, value: Uint8Array | undefined],
): number {
  if (value === undefined) return start;
  let at = start;
  let done = 0;
  do {
    const end = Math.min(value.length, done + MOST_OF_ONE);
    bytes[at++] = code;
    bytes[at++] = end - done;
    // By hand: most are of a few octets.
    while (done < end) bytes[at++] = value[done++] ?? 0;
  } while (done < value.length);
  return at;
}
