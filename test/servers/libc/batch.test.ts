import { describe, expect, it, onTestFinished } from 'vitest';
import { ipv4ToNumber } from '../../../src/core/address.ts';
import { loadLibc } from '../../../src/servers/libc/libc.ts';
import { Poller } from '../../../src/servers/libc/poller.ts';
import { ReceiveBatch } from '../../../src/servers/libc/receive-batch.ts';
import { SendBatch } from '../../../src/servers/libc/send-batch.ts';
import { boundPort, openUdp } from '../../../src/servers/libc/udp-socket.ts';
import { ip } from '../../builders.ts';

const loaded = await loadLibc();
const LOOPBACK = ipv4ToNumber(ip('127.0.0.1'));

describe.skipIf(!loaded.ok)('many datagrams by one system call', () => {
  if (!loaded.ok) return;
  const { libc } = loaded;

  function aSocket(): { readonly fd: number; readonly port: number } {
    const fd = openUdp(libc, { address: LOOPBACK, port: 0, buffer: 1 << 20 });
    onTestFinished(() => void libc.close(fd));
    return { fd, port: boundPort(libc, fd) };
  }

  /** Send octets as packets of a size; what arrives, each datagram cut at 600 octets, and who sent it. */
  function send(
    octets: number,
    packet: number,
  ): { lengths: readonly number[]; first: readonly number[]; faults: unknown[] } {
    const [from, to] = [aSocket(), aSocket()];
    const faults: unknown[] = [];
    const sender = new SendBatch(libc, (what, reason) => faults.push([what, reason]));
    const memory = new Uint8Array(new ArrayBuffer(octets)).map((_, at) => Math.floor(at / packet));
    const place = { address: LOOPBACK, port: to.port, memory: libc.addressOf(memory), keep: memory };
    sender.queue({ fd: from.fd, ...place, length: octets, packet });
    sender.flush();
    const receiver = new ReceiveBatch(libc, { count: 128, octets: 600 });
    const lengths: number[] = [];
    const first: number[] = [];
    for (let count = receiver.receive(to.fd); count > 0; count = receiver.receive(to.fd)) {
      for (let index = 0; index < count; index++) {
        expect([receiver.address(index), receiver.port(index)]).toEqual([LOOPBACK, from.port]);
        lengths.push(receiver.length(index));
        first.push(receiver.bytes(index)[0] ?? -1);
      }
    }
    return { lengths, first, faults };
  }

  it('cuts a window into datagrams, the last one shorter', () => {
    expect(send(10 * 500 + 3, 500)).toEqual({
      lengths: [...Array.from({ length: 10 }, () => 500), 3],
      first: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      faults: [],
    });
  });

  it.each([
    [200 * 500, 500],
    [100 * 1472, 1472],
    [3 * 60_000, 60_000],
    [4, 4],
  ])('sends %i octets in packets of %i', (octets, packet) => {
    const { lengths, faults } = send(octets, packet);
    // What is longer than the receiver's memory is cut there.
    expect(lengths).toEqual(Array.from({ length: octets / packet }, () => Math.min(packet, 600)));
    expect(faults).toEqual([]);
  });

  it('tells what cannot be sent, and sends the rest', () => {
    const [from, to] = [aSocket(), aSocket()];
    const faults: unknown[] = [];
    const sender = new SendBatch(libc, (what) => faults.push(what));
    const memory = new Uint8Array(new ArrayBuffer(100));
    const what = { fd: from.fd, memory: libc.addressOf(memory), keep: memory, length: 100, packet: 100 };
    // Port 0 is nobody's.
    sender.queue({ ...what, address: LOOPBACK, port: 0 });
    sender.queue({ ...what, address: LOOPBACK, port: to.port });
    sender.flush();
    expect(faults).toEqual(['lost']);
    expect(new ReceiveBatch(libc, { count: 8, octets: 600 }).receive(to.fd)).toBe(1);
  });

  it('waits for what is watched for good and for what comes and goes', () => {
    const [fixed, passing] = [aSocket(), aSocket()];
    const poller = new Poller(libc, [fixed.fd]);
    onTestFinished(() => poller.close());
    poller.add(passing.fd);
    expect(poller.wait(0)).toEqual([]);
    const sender = new SendBatch(libc, () => undefined);
    const memory = new Uint8Array(new ArrayBuffer(4));
    const what = {
      fd: fixed.fd,
      address: LOOPBACK,
      memory: libc.addressOf(memory),
      keep: memory,
      length: 4,
      packet: 4,
    };
    sender.queue({ ...what, port: passing.port });
    sender.queue({ ...what, port: fixed.port });
    sender.flush();
    expect(poller.wait(1000)).toEqual([fixed.fd, passing.fd]);
  });

  it('says why a socket cannot be had', () => {
    const { port } = aSocket();
    expect(() => openUdp(libc, { address: LOOPBACK, port })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    );
  });
});
