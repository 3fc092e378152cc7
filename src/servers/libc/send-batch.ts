import { LINUX } from './constants.ts';
import { errorName, type Libc } from './libc.ts';
import { fixedMemory } from './memory.ts';
import { MessageHeaders } from './message-headers.ts';
import { putSocketAddress, SOCKET_ADDRESS } from './socket-address.ts';
import { allowFragments } from './udp-socket.ts';

/** Octets to send to one peer, at a fixed address in memory; cut into datagrams of `packet` octets, the last may be shorter. */
export interface Sending {
  fd: number;
  /** 32 bits of the peer's address. */
  address: number;
  port: number;
  /** Where the octets are, and what keeps them there. */
  memory: number;
  keep: Uint8Array;
  length: number;
  packet: number;
}

/** Told of what was not sent. */
export type SendFault = (what: 'no-segmentation' | 'lost', reason: string) => void;

/** Messages of one call. */
export const MOST_QUEUED = 256;
/** UDP GSO takes one IP datagram's worth, 65 535 octets with its headers, and at least 64 segments; 44 fill it at 1472. */
const MOST_OCTETS = 65_000;
const MOST_SEGMENTS = 44;
/** Peers whose path takes no segmentation; when there are more, they are found out anew. */
const MOST_PLAIN = 1024;
const ROOM_MS = 5;

/**
 * Sends many datagrams with one system call, and those to one peer as one buffer that the kernel or the card cuts (UDP GSO).
 * Where a path does not take that, its peers get datagram after datagram; where the kernel does not, all peers.
 */
export class SendBatch {
  readonly #libc: Libc;
  readonly #onFault: SendFault;
  readonly #headers: MessageHeaders;
  readonly #packets = new Uint32Array(MOST_QUEUED);
  /** Keeps the memory of what is queued alive. */
  readonly #kept: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(MOST_QUEUED).fill(undefined);
  readonly #memory = new Float64Array(MOST_QUEUED);
  readonly #addresses = new Float64Array(MOST_QUEUED);
  readonly #plain = new Set<number>();
  #isSegmenting = true;
  #hasSegmented = false;
  #fd = -1;
  #count = 0;

  constructor(libc: Libc, onFault: SendFault) {
    this.#libc = libc;
    this.#onFault = onFault;
    this.#headers = new MessageHeaders(libc, MOST_QUEUED);
  }

  /** Queue; the record is only read during the call. */
  queue(sending: Sending): void {
    const { fd, length, packet, address } = sending;
    if (fd !== this.#fd) this.flush();
    this.#fd = fd;
    const isWhole =
      length <= packet || !this.#isSegmenting || (this.#plain.size > 0 && this.#plain.has(address));
    const packets = isWhole ? 1 : Math.min(MOST_SEGMENTS, Math.floor(MOST_OCTETS / packet));
    const step = Math.max(packets, 1) * packet;
    for (let start = 0; start < length; start += step) {
      this.#put(sending, start, Math.min(step, length - start));
    }
  }

  /** Send all that is queued. */
  flush(): void {
    let hasWaited = false;
    for (let done = 0; done < this.#count; ) {
      const sent = this.#libc.sendmmsg(this.#fd, this.#headers.addressFrom(done), this.#count - done, 0);
      if (sent > 0) {
        this.#hasSegmented ||= this.#packets.subarray(done, done + sent).some((packet) => packet > 0);
        done += sent;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === LINUX.EINTR) continue;
      if (errno === LINUX.EAGAIN || errno === LINUX.ENOBUFS) {
        if (hasWaited || !this.#waitForRoom()) {
          this.#onFault('lost', errorName(errno));
          break;
        }
        hasWaited = true;
      } else {
        this.#skip(done, errno);
        done++;
      }
    }
    this.#count = 0;
  }

  #put(sending: Sending, start: number, length: number): void {
    if (this.#count === MOST_QUEUED) this.flush();
    const index = this.#count++;
    const { packet, keep } = sending;
    const memory = sending.memory + start;
    const isCut = length > packet;
    this.#memory[index] = memory;
    this.#kept[index] = keep;
    this.#addresses[index] = sending.address;
    putSocketAddress(this.#headers.names, index * SOCKET_ADDRESS, sending);
    this.#headers.setData(index, memory, length);
    const hadControl = this.#packets[index] !== 0;
    this.#packets[index] = isCut ? packet : 0;
    if (isCut)
      this.#headers.setControl(index, { level: LINUX.SOL_UDP, type: LINUX.UDP_SEGMENT, value: packet });
    else if (hadControl) this.#headers.setControl(index, undefined);
  }

  /** A message could not be sent; the others do not suffer. */
  #skip(index: number, errno: number): void {
    const packet = this.#packets[index] ?? 0;
    if (packet > 0 && isRefusalToSegment(errno)) this.#stopSegmenting(index, errno);
    else if (errno !== LINUX.EMSGSIZE) return this.#onFault('lost', errorName(errno));
    this.#sendCut(index, packet > 0 ? packet : this.#headers.dataLength(index));
  }

  #stopSegmenting(index: number, errno: number): void {
    if (this.#plain.size >= MOST_PLAIN) this.#plain.clear();
    this.#plain.add(this.#addresses[index] ?? 0);
    const isUnknown = errno === LINUX.EOPNOTSUPP || errno === LINUX.ENOPROTOOPT;
    if (!isUnknown && (this.#hasSegmented || this.#plain.size < 4)) return;
    this.#isSegmenting = false;
    this.#onFault('no-segmentation', errorName(errno));
  }

  /** Send the datagrams of a message one by one. */
  #sendCut(index: number, packet: number): void {
    const memory = this.#memory[index] ?? 0;
    const length = this.#headers.dataLength(index);
    this.#headers.setControl(index, undefined);
    this.#packets[index] = 0;
    for (let start = 0; start < length; start += packet) {
      this.#headers.setData(index, memory + start, Math.min(packet, length - start));
      if (this.#sendOne(index)) continue;
      // The path's MTU is smaller than the block: it has to be cut, as are all large ones from now on.
      if (this.#libc.errno() === LINUX.EMSGSIZE) allowFragments(this.#libc, this.#fd);
      if (!this.#sendOne(index)) this.#onFault('lost', errorName(this.#libc.errno()));
    }
  }

  #sendOne(index: number): boolean {
    return this.#libc.sendmmsg(this.#fd, this.#headers.addressFrom(index), 1, 0) === 1;
  }

  /** The card is busy: give it a moment, then let the datagrams be lost, for others wait too. */
  #waitForRoom(): boolean {
    const request = fixedMemory(8);
    const view = new DataView(request.buffer);
    view.setInt32(0, this.#fd, true);
    view.setInt16(4, LINUX.POLLOUT, true);
    return this.#libc.poll(request, 1, ROOM_MS) > 0;
  }
}

/** EINVAL: segments larger than the path's MTU; EIO: a path without checksum offload; the others: an old kernel. */
function isRefusalToSegment(errno: number): boolean {
  return (
    errno === LINUX.EINVAL ||
    errno === LINUX.EIO ||
    errno === LINUX.EMSGSIZE ||
    errno === LINUX.EOPNOTSUPP ||
    errno === LINUX.ENOPROTOOPT
  );
}
