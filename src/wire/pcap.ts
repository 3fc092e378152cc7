import type { UdpEnd } from './ipv4.ts';
import { type Framed, udpOf } from './pcap-frame.ts';

/** A UDP datagram of a capture. */
export interface CapturedDatagram {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly source: UdpEnd;
  readonly destination: UdpEnd;
  readonly payload: Uint8Array;
}

/** The UDP datagrams of a capture, in its order. */
export interface Capture {
  readonly datagrams: readonly CapturedDatagram[];
  /** IPv4 fragments, which are not put together. */
  readonly fragments: number;
  /** Frames of which the capture does not hold the whole datagram. */
  readonly cut: number;
  /** Frames that are no UDP over IPv4, or of a link type that is not known. */
  readonly others: number;
  /** Whether the file ends in the middle of a frame, as one does that is still being written. */
  readonly isTruncated: boolean;
}

/** One frame and when it was seen. */
interface TimedFrame {
  readonly time: number;
  readonly link: number;
  readonly bytes: Uint8Array;
}

interface Frames {
  readonly frames: readonly TimedFrame[];
  readonly isTruncated: boolean;
}

/** Read a capture in the formats pcap and pcapng; undefined when the bytes are of neither. Never throws. */
export function readCapture(bytes: Uint8Array): Capture | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = bytes.length < 24 ? undefined : (readPcap(view) ?? readPcapng(view));
  if (read === undefined) return undefined;
  const counts = { fragments: 0, cut: 0, others: 0 };
  const datagrams: CapturedDatagram[] = [];
  for (const { time, link, bytes: frame } of read.frames) {
    const framed = udpOf(link, frame);
    if (framed.kind === 'udp') datagrams.push({ time, ...framed.datagram });
    else counts[COUNTER[framed.kind]]++;
  }
  return { datagrams, ...counts, isTruncated: read.isTruncated };
}

const COUNTER = { fragment: 'fragments', cut: 'cut', other: 'others' } as const satisfies Record<
  Exclude<Framed['kind'], 'udp'>,
  string
>;

/** The classic format: a header of 24 octets, then records with a header of 16. */
function readPcap(view: DataView): Frames | undefined {
  const magics = [false, true].flatMap((little) =>
    [0xa1b2c3d4, 0xa1b23c4d].map((magic) => ({ little, magic })),
  );
  const found = magics.find(({ little, magic }) => view.getUint32(0, little) === magic);
  if (found === undefined) return undefined;
  const { little, magic } = found;
  // The second magic number means nanoseconds.
  const ticks = magic === 0xa1b2c3d4 ? 1e3 : 1e6;
  // The upper bits tell of a checksum at the end of frames.
  const link = view.getUint32(20, little) & 0x0fff_ffff;
  const frames: TimedFrame[] = [];
  let at = 24;
  while (at + 16 <= view.byteLength) {
    const length = view.getUint32(at + 8, little);
    if (at + 16 + length > view.byteLength) return { frames, isTruncated: true };
    const time = view.getUint32(at, little) * 1000 + view.getUint32(at + 4, little) / ticks;
    frames.push({ time, link, bytes: part(view, at + 16, length) });
    at += 16 + length;
  }
  return { frames, isTruncated: at !== view.byteLength };
}

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const TIME_RESOLUTION = 9;

interface Interface {
  readonly link: number;
  readonly ticksPerSecond: number;
}

/** The newer format: blocks of a type, a length, a body and the length again. */
function readPcapng(view: DataView): Frames | undefined {
  if (view.getUint32(0) !== SECTION) return undefined;
  const frames: TimedFrame[] = [];
  let interfaces: Interface[] = [];
  let little = false;
  let at = 0;
  while (at + 12 <= view.byteLength) {
    if (view.getUint32(at) === SECTION) {
      little = view.getUint32(at + 8, true) === 0x1a2b3c4d;
      interfaces = [];
    }
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0 || at + length > view.byteLength)
      return { frames, isTruncated: true };
    const body = new DataView(view.buffer, view.byteOffset + at + 8, length - 12);
    const type = view.getUint32(at, little);
    if (type === INTERFACE && body.byteLength >= 8) interfaces.push(interfaceOf(body, little));
    if (type === ENHANCED_PACKET && body.byteLength >= 20) {
      const frame = packetOf(body, little, interfaces);
      if (frame !== undefined) frames.push(frame);
    }
    at += length;
  }
  return { frames, isTruncated: at !== view.byteLength };
}

function interfaceOf(body: DataView, little: boolean): Interface {
  const link = body.getUint16(0, little);
  let at = 8;
  while (at + 4 <= body.byteLength) {
    const code = body.getUint16(at, little);
    const length = body.getUint16(at + 2, little);
    if (code === 0 || at + 4 + length > body.byteLength) break;
    if (code === TIME_RESOLUTION && length === 1) {
      const value = body.getUint8(at + 4);
      const base = (value & 0x80) === 0 ? 10 : 2;
      return { link, ticksPerSecond: base ** (value & 0x7f) };
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return { link, ticksPerSecond: 1e6 };
}

function packetOf(body: DataView, little: boolean, interfaces: readonly Interface[]): TimedFrame | undefined {
  const source = interfaces[body.getUint32(0, little)];
  const length = body.getUint32(12, little);
  if (source === undefined || 20 + length > body.byteLength) return undefined;
  const ticks = body.getUint32(4, little) * 2 ** 32 + body.getUint32(8, little);
  const time = (ticks / source.ticksPerSecond) * 1000;
  return { time, link: source.link, bytes: part(body, 20, length) };
}

function part(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length);
}
