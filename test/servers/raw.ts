import { connect, type Socket } from 'node:net';

/** Send bytes to a port and read until the server closes, or until `quiet` milliseconds without an answer. */
export function exchange(port: number, bytes: string | Buffer, quiet = 1500): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    const end = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('close', end);
    socket.on('error', end);
    socket.setTimeout(quiet, end);
    socket.write(bytes);
  });
}

/** An open connection. */
export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}

/** The status code of an answer as text; NaN when there was none. */
export function statusOf(answer: string): number {
  return Number.parseInt(answer.split(' ')[1] ?? '', 10);
}
