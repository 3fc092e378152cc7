import { LINUX } from './constants.ts';
import { errorName, type Libc } from './libc.ts';
import { fixedMemory } from './memory.ts';
import { portAt, SOCKET_ADDRESS, socketAddress } from './socket-address.ts';

/** Where a socket is bound. */
export interface UdpBinding {
  /** The 32 bits of an address. */
  readonly address: number;
  /** 0: any free port. */
  readonly port: number;
  /** Octets that may wait in the socket, each way; undefined: the system's own. */
  readonly buffer?: number;
}

/** Why a socket could not be had; `code` as in Node.js. */
export class SocketError extends Error {
  readonly code: string;

  constructor(call: string, code: string) {
    super(`${call} ${code}`);
    this.code = code;
  }
}

/** A non-blocking UDP socket; throws {@link SocketError}. */
export function openUdp(libc: Libc, { address, port, buffer }: UdpBinding): number {
  const type = LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC;
  const fd = libc.socket(LINUX.AF_INET, type, 0);
  if (fd < 0) throw new SocketError('socket', errorName(libc.errno()));
  if (buffer !== undefined) setBuffers(libc, fd, buffer);
  // A datagram that need not be cut needs no number of its own, which is 5 % of the work of sending it.
  setNumber(libc, fd, [LINUX.SOL_IP, LINUX.IP_MTU_DISCOVER, LINUX.IP_PMTUDISC_DO]);
  if (libc.bind(fd, socketAddress(address, port), SOCKET_ADDRESS) === 0) return fd;
  const error = new SocketError('bind', errorName(libc.errno()));
  libc.close(fd);
  throw error;
}

/** The port that a socket is bound to. */
export function boundPort(libc: Libc, fd: number): number {
  const address = fixedMemory(SOCKET_ADDRESS);
  const length = Uint8Array.from([SOCKET_ADDRESS, 0, 0, 0]);
  if (libc.getsockname(fd, address, length) !== 0)
    throw new SocketError('getsockname', errorName(libc.errno()));
  return portAt(address, 0);
}

/** Let datagrams that are larger than their path's MTU be cut, here or on the way. */
export function allowFragments(libc: Libc, fd: number): void {
  setNumber(libc, fd, [LINUX.SOL_IP, LINUX.IP_MTU_DISCOVER, LINUX.IP_PMTUDISC_DONT]);
}

/** The privileged option goes beyond net.core.rmem_max; without the privilege the plain one gives what it can. */
function setBuffers(libc: Libc, fd: number, octets: number): void {
  for (const [forced, plain] of [
    [LINUX.SO_RCVBUFFORCE, LINUX.SO_RCVBUF],
    [LINUX.SO_SNDBUFFORCE, LINUX.SO_SNDBUF],
  ] as const) {
    if (setNumber(libc, fd, [LINUX.SOL_SOCKET, forced, octets])) continue;
    setNumber(libc, fd, [LINUX.SOL_SOCKET, plain, octets]);
  }
}

type NumberOption = readonly [level: number, name: number, value: number];

function setNumber(libc: Libc, fd: number, [level, name, value]: NumberOption): boolean {
  return libc.setsockopt(fd, level, name, new Uint8Array(Uint32Array.of(value).buffer), 4) === 0;
}
