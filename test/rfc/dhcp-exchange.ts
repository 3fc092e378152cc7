import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import type { DhcpRequest } from '../../src/boot/request.ts';
import { type Destination, replyDestination } from '../../src/wire/dhcp/destination.ts';
import { type DhcpPacket, encodeReply, NO_ADDRESS } from '../../src/wire/dhcp/packet.ts';
import { short, type TestWorld } from '../boot/world.ts';

/** A reply as octets and as they are read here: by the figures of RFC 2131, not by the code under test. */
export interface Wire {
  readonly bytes: Buffer;
  readonly to: Destination;
  readonly op: number;
  readonly htype: number;
  readonly hlen: number;
  readonly hops: number;
  readonly xid: number;
  readonly secs: number;
  readonly flags: number;
  readonly ciaddr: string;
  readonly yiaddr: string;
  readonly siaddr: string;
  readonly giaddr: string;
  /** All 16 octets, in hexadecimal. */
  readonly chaddr: string;
  readonly sname: Buffer;
  readonly file: Buffer;
  readonly cookie: string;
  /** Options of the options field in their order, each as often as it is there. */
  readonly options: readonly WireOption[];
  /** Whether an end option closes them, with nothing but zeros behind it. */
  readonly isClosed: boolean;
}

export type WireOption = readonly [code: number, value: Buffer];

/** What the server says to a message, as it leaves; undefined when it says nothing. */
export async function sayTo(
  world: TestWorld,
  packet: DhcpPacket,
  given: Partial<Omit<DhcpRequest, 'packet'>> = {},
): Promise<Wire | undefined> {
  const answer = await answerDhcp({ packet, source: NO_ADDRESS, service: 'dhcp', ...given }, world);
  if (answer.kind !== 'reply') return undefined;
  const bytes = Buffer.from(encodeReply(answer.reply, packet));
  return { ...readWire(bytes), to: replyDestination(answer.reply) };
}

/** What the server says; the test fails when it is silent. */
export async function heard(...args: Parameters<typeof sayTo>): Promise<Wire> {
  const wire = await sayTo(...args);
  if (wire === undefined) {
    const [world, packet] = args;
    const again = await answerDhcp({ packet, source: NO_ADDRESS, service: 'dhcp' }, world);
    throw new Error(`Wanted a reply, got "${short(again)}"`);
  }
  return wire;
}

/** The values of an option, one for each time that it is there. */
export function valuesOf({ options }: Pick<Wire, 'options'>, code: number): readonly Buffer[] {
  return options.filter(([each]) => each === code).map(([, value]) => value);
}

/** The only value of an option in hexadecimal; undefined when it is not there, or more than once. */
export function only(wire: Pick<Wire, 'options'>, code: number): string | undefined {
  const values = valuesOf(wire, code);
  return values.length === 1 ? values[0]?.toString('hex') : undefined;
}

/** The options of a field up to its end option, and whether that is there with only zeros behind it. */
export function readOptions(field: Buffer): Pick<Wire, 'options' | 'isClosed'> {
  const options: WireOption[] = [];
  let at = 0;
  while (at < field.length && field[at] !== 255) {
    const code = field.readUInt8(at++);
    if (code === 0) continue;
    const length = field.readUInt8(at++);
    if (at + length > field.length) throw new Error(`Option ${code} runs past the end of its field`);
    options.push([code, field.subarray(at, at + length)]);
    at += length;
  }
  return { options, isClosed: field[at] === 255 && field.subarray(at + 1).every((octet) => octet === 0) };
}

/** The fields and options of a message. */
export function readWire(bytes: Buffer): Omit<Wire, 'to'> {
  const address = (at: number): string => [...bytes.subarray(at, at + 4)].join('.');
  return {
    bytes,
    op: bytes.readUInt8(0),
    htype: bytes.readUInt8(1),
    hlen: bytes.readUInt8(2),
    hops: bytes.readUInt8(3),
    xid: bytes.readUInt32BE(4),
    secs: bytes.readUInt16BE(8),
    flags: bytes.readUInt16BE(10),
    ciaddr: address(12),
    yiaddr: address(16),
    siaddr: address(20),
    giaddr: address(24),
    chaddr: bytes.toString('hex', 28, 44),
    sname: bytes.subarray(44, 108),
    file: bytes.subarray(108, 236),
    cookie: bytes.toString('hex', 236, 240),
    ...readOptions(bytes.subarray(240)),
  };
}
