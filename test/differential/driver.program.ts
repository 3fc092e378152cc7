import { createSocket, type Socket } from 'node:dgram';
import { createInterface } from 'node:readline';

/**
 * Sends DHCP messages from the namespace that it runs in. Each line of input is `client HEX` or `relay HEX`; it prints one
 * line for each: the reply in hexadecimal, or `-` when there was none in time; `end` ends it. Replies to clients have to be
 * broadcast.
 */
const WAIT_MS = 600;

async function open(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(port, '0.0.0.0', resolve));
  socket.setBroadcast(true);
  return socket;
}

function exchange(socket: Socket, bytes: Buffer, to: string): Promise<string> {
  return new Promise((resolve) => {
    const end = (reply: string): void => {
      clearTimeout(timer);
      socket.removeListener('message', take);
      resolve(reply);
    };
    // Only the reply to this message: one that is late belongs to another.
    const take = (reply: Buffer): void => {
      if (reply.length > 8 && reply[0] === 2 && reply.readUInt32BE(4) === bytes.readUInt32BE(4))
        end(reply.toString('hex'));
    };
    const timer = setTimeout(() => end('-'), WAIT_MS);
    socket.on('message', take);
    socket.send(bytes, 67, to);
  });
}

const client = await open(68);
const relay = await open(67);
console.log('ready');
for await (const line of createInterface(process.stdin)) {
  if (line === 'end') break;
  const [how, hex = ''] = line.split(' ');
  const bytes = Buffer.from(hex, 'hex');
  const sent =
    how === 'relay' ? exchange(relay, bytes, '10.77.0.1') : exchange(client, bytes, '255.255.255.255');
  console.log(await sent);
}
console.log('done');
client.close();
relay.close();
process.stdin.destroy();
