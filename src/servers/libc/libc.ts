import { endianness } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { messageOf } from '../../core/errors.ts';

/** Memory handed to a system call: octets, or none. */
export type Memory = Uint8Array | null;

/**
 * System calls of Linux that Node.js does not have. Each returns what the C function of its name does: -1 for a failure,
 * whose number {@link Libc.errno} then gives. Arguments are those of its manual page.
 */
export interface Libc {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly bind: (fd: number, address: Memory, length: number) => number;
  readonly getsockname: (fd: number, address: Memory, length: Memory) => number;
  readonly setsockopt: (...call: SocketOptionCall) => number;
  readonly recvmmsg: (...call: ManyMessagesCall) => number;
  readonly sendmmsg: (
    ...call: readonly [fd: number, messages: number, count: number, flags: number]
  ) => number;
  readonly sendto: (...call: SendToCall) => number;
  readonly poll: (fds: Memory, count: number, milliseconds: number) => number;
  readonly epollCreate: (flags: number) => number;
  readonly epollControl: (
    ...call: readonly [epoll: number, action: number, fd: number, event: Memory]
  ) => number;
  readonly epollWait: (...call: EpollWaitCall) => number;
  readonly eventfd: (initial: number, flags: number) => number;
  readonly read: (fd: number, target: Memory, length: number) => number;
  readonly write: (fd: number, source: Memory, length: number) => number;
  readonly sendfile: (
    ...call: readonly [to: number, from: number, position: Memory, octets: number]
  ) => number;
  /** Not every C library has it. */
  readonly preadv2: ((...call: VectorReadCall) => number) | undefined;
  readonly close: (fd: number) => number;
  /** Sleep; the kernel adds some 50 microseconds to it. */
  readonly usleep: (microseconds: number) => number;
  /** Number of the last failure in this thread. */
  readonly errno: () => number;
  /** Where the octets are. It holds for as long as their ArrayBuffer is referred to: those do not move. */
  readonly addressOf: (bytes: Uint8Array) => number;
}

type SocketOptionCall = readonly [fd: number, level: number, name: number, value: Memory, length: number];
type ManyMessagesCall = readonly [
  fd: number,
  messages: number,
  count: number,
  flags: number,
  timeout: Memory,
];
type SendToCall = readonly [
  fd: number,
  source: Memory,
  octets: number,
  flags: number,
  to: Memory,
  length: number,
];
type VectorReadCall = readonly [fd: number, vectors: Memory, count: number, position: number, flags: number];
type EpollWaitCall = readonly [epoll: number, events: Memory, most: number, milliseconds: number];

/** The C library, or why it cannot be had. */
export type LibcLoad =
  | { readonly ok: true; readonly libc: Libc }
  | { readonly ok: false; readonly reason: string };

/** Where the layouts of structures that this folder writes hold: 64 bits, little-endian, the ABI common to all Linux ports. */
const ARCHITECTURES = ['x64', 'arm64', 'riscv64', 'loong64'];

/** Find the C library in this process. Never rejects. */
export async function loadLibc(): Promise<LibcLoad> {
  if (process.platform !== 'linux')
    return { ok: false, reason: `the system is ${process.platform}, not Linux` };
  if (!ARCHITECTURES.includes(process.arch) || endianness() !== 'LE') {
    return { ok: false, reason: `its structures are not known for ${process.arch}` };
  }
  try {
    const { default: koffi } = await import('koffi');
    // Node.js itself is linked to the C library, whatever its kind and file.
    return { ok: true, libc: libcOf(koffi) };
  } catch (error) {
    return { ok: false, reason: `koffi cannot be used: ${messageOf(error)}` };
  }
}

/** `EAGAIN` for 11; the number itself where it has no name. */
export function errorName(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? `error ${errno}`;
}

type Koffi = typeof import('koffi')['default'];

function libcOf(koffi: Koffi): Libc {
  const library = koffi.load(null);
  const call = (declaration: string) => library.func(declaration);
  const callIfThere = (declaration: string) => {
    try {
      return call(declaration);
    } catch {
      return undefined;
    }
  };
  return {
    socket: call('int socket(int, int, int)'),
    bind: call('int bind(int, void *, unsigned int)'),
    getsockname: call('int getsockname(int, void *, void *)'),
    setsockopt: call('int setsockopt(int, int, int, void *, unsigned int)'),
    // The arrays of messages are given by address: they are made once and hold addresses themselves.
    recvmmsg: call('int recvmmsg(int, uintptr_t, unsigned int, int, void *)'),
    sendmmsg: call('int sendmmsg(int, uintptr_t, unsigned int, int)'),
    sendto: call('long sendto(int, void *, size_t, int, void *, unsigned int)'),
    poll: call('int poll(void *, unsigned long, int)'),
    epollCreate: call('int epoll_create1(int)'),
    epollControl: call('int epoll_ctl(int, int, int, void *)'),
    epollWait: call('int epoll_wait(int, void *, int, int)'),
    eventfd: call('int eventfd(unsigned int, int)'),
    read: call('long read(int, void *, size_t)'),
    write: call('long write(int, void *, size_t)'),
    sendfile: call('long sendfile(int, int, void *, size_t)'),
    preadv2: callIfThere('long preadv2(int, void *, int, int64_t, int)'),
    close: call('int close(int)'),
    usleep: call('int usleep(unsigned int)'),
    errno: () => koffi.errno(),
    addressOf: (bytes) => Number(koffi.address(bytes)),
  };
}
