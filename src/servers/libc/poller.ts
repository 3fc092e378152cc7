import { LINUX } from './constants.ts';
import { errorName, type Libc } from './libc.ts';
import { fixedMemory } from './memory.ts';

/** `struct pollfd`, and where its results are. */
const POLLED = { size: 8, events: 4, results: 6 };
/** `struct epoll_event` is packed on x86-64 only. */
const EVENT = process.arch === 'x64' ? { size: 12, data: 4 } : { size: 16, data: 8 };
const MOST_EVENTS = 64;

/**
 * Waits until something can be read. A few descriptors are watched for good, by poll(2): a socket in an epoll set costs a
 * call-back for each datagram that it has sent, 7 % of all. Those that come and go are in a set of epoll(7).
 */
export class Poller {
  readonly #libc: Libc;
  readonly #fixed: readonly number[];
  readonly #polled: Uint8Array;
  readonly #view: DataView;
  readonly #events = fixedMemory(MOST_EVENTS * EVENT.size);
  readonly #eventView = new DataView(this.#events.buffer);
  readonly #ready: number[] = [];
  readonly #epoll: number;

  constructor(libc: Libc, fixed: readonly number[]) {
    this.#libc = libc;
    this.#fixed = fixed;
    this.#epoll = libc.epollCreate(LINUX.EPOLL_CLOEXEC);
    if (this.#epoll < 0) throw new Error(`Cannot watch sockets: ${errorName(libc.errno())}`);
    const all = [...fixed, this.#epoll];
    this.#polled = fixedMemory(all.length * POLLED.size);
    this.#view = new DataView(this.#polled.buffer);
    for (const [index, fd] of all.entries()) {
      this.#view.setInt32(index * POLLED.size, fd, true);
      this.#view.setInt16(index * POLLED.size + POLLED.events, LINUX.POLLIN, true);
    }
  }

  /** Watch a descriptor until it is closed. */
  add(fd: number): void {
    const event = fixedMemory(EVENT.size);
    const view = new DataView(event.buffer);
    view.setUint32(0, LINUX.EPOLLIN, true);
    view.setInt32(EVENT.data, fd, true);
    if (this.#libc.epollControl(this.#epoll, LINUX.EPOLL_CTL_ADD, fd, event) === 0) return;
    throw new Error(`Cannot watch a socket: ${errorName(this.#libc.errno())}`);
  }

  /** Wait; -1 is for ever. Returns the descriptors that can be read, in an array that the next call changes. */
  wait(milliseconds: number): readonly number[] {
    this.#ready.length = 0;
    const count = this.#fixed.length + 1;
    if (this.#succeed(this.#libc.poll(this.#polled, count, milliseconds)) === 0) return this.#ready;
    for (const [index, fd] of this.#fixed.entries()) {
      if (this.#isReady(index)) this.#ready.push(fd);
    }
    if (this.#isReady(this.#fixed.length)) this.#takeEvents();
    return this.#ready;
  }

  close(): void {
    this.#libc.close(this.#epoll);
  }

  #isReady(index: number): boolean {
    return this.#view.getInt16(index * POLLED.size + POLLED.results, true) !== 0;
  }

  #takeEvents(): void {
    const count = this.#succeed(this.#libc.epollWait(this.#epoll, this.#events, MOST_EVENTS, 0));
    for (let index = 0; index < count; index++) {
      this.#ready.push(this.#eventView.getInt32(index * EVENT.size + EVENT.data, true));
    }
  }

  #succeed(count: number): number {
    if (count >= 0) return count;
    const errno = this.#libc.errno();
    if (errno === LINUX.EINTR) return 0;
    throw new Error(`Cannot wait for sockets: ${errorName(errno)}`);
  }
}
