import { createSocket, type Socket } from 'node:dgram';
import { AppError, messageOf } from '../core/errors.ts';

/** Where a socket listens. */
export interface Binding {
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
  /** Share the port with another socket of ours that is bound to another address. */
  readonly isShared?: boolean;
}

/** Bind a UDP socket. Rejects with `busy` when the port or address cannot be had, and says what would help. */
export async function bindUdp({ address, port, isShared = false }: Binding): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: isShared, lookup: asItIs });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (cause) => {
      socket.close();
      reject(bindError({ address, port }, cause));
    });
    socket.bind({ address, port }, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
  return socket;
}

/** Close a socket; resolves when its port is free. */
export function closeUdp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.close(() => resolve());
  });
}

/** Send one datagram; a failure is told to `onError`, for a lost datagram is the client's to ask for again. */
export function sendUdp(
  socket: Socket,
  bytes: Uint8Array,
  to: { readonly address: string; readonly port: number; readonly onError: (error: unknown) => void },
): void {
  try {
    socket.send(bytes, to.port, to.address, (error) => {
      if (error !== null) to.onError(error);
    });
  } catch (error) {
    to.onError(error);
  }
}

/** How a bind failed; `code` is the system's, such as `EADDRINUSE`. */
type BindFailure = Error & { readonly code?: string | undefined };

/** Datagrams go to addresses, never to names: Node would ask its resolver even so, and wait a turn for each. */
export function asItIs(
  address: string,
  _options: unknown,
  done: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  done(null, address, 4);
}

/** The fault of a bind that failed, with what would help. */
export function bindError({ address, port }: Binding, cause: BindFailure): AppError {
  const action = `Cannot listen on UDP "${address}:${port}": ${messageOf(cause)}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new AppError('busy', action, { cause, remedy: `Stop the program that uses UDP port ${port}` });
    case 'EADDRNOTAVAIL':
      return new AppError('busy', action, {
        cause,
        remedy: `Give an interface of this machine the address ${address}, or change server.address`,
      });
    case 'EACCES':
      return new AppError('forbidden', action, {
        cause,
        remedy: 'Run as root, or with the capability CAP_NET_BIND_SERVICE',
      });
    default:
      return new AppError('busy', action, { cause });
  }
}
