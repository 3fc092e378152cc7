import { describe, expect, it } from 'vitest';
import { ipv4ToNumber } from '../../../src/core/address.ts';
import { QuietLog } from '../../../src/servers/quiet-log.ts';
import { TftpCounters } from '../../../src/servers/tftp/counters.ts';
import type { TableEvent } from '../../../src/servers/tftp/messages.ts';
import { Receiver } from '../../../src/servers/tftp/receiver.ts';
import {
  type Channel,
  type Client,
  clientOf,
  emptyChannel,
  type Run,
} from '../../../src/servers/tftp/session.ts';
import { TransferTable } from '../../../src/servers/tftp/table.ts';
import { decodeTftp } from '../../../src/wire/tftp/packet.ts';
import { ip } from '../../builders.ts';
import { FakeLog } from '../../fakes/datagram-log.ts';
import { ack, content, error, read } from './bench.ts';

/** A table without sockets or clock: each file has the octets of `content(5000)`. */
class Desk {
  readonly sent: { readonly client: Client; readonly bytes: Uint8Array }[] = [];
  readonly events: TableEvent[] = [];
  readonly counters = new TftpCounters();
  readonly listener = emptyChannel(1);
  readonly log = new FakeLog();
  readonly table: TransferTable;
  readonly receiver: Receiver;

  constructor(transfers = 4096) {
    const outlet = {
      blocks: (_channel: Channel, client: Client, { chunk, start, length, packet }: Run): void => {
        for (let at = start; at < start + length; at += packet) {
          this.sent.push({ client, bytes: chunk.bytes.slice(at, Math.min(at + packet, start + length)) });
        }
      },
      datagram: (_channel: Channel, client: Client, bytes: Uint8Array): void =>
        void this.sent.push({ client, bytes }),
      open: (): Channel => emptyChannel(2),
      close: (): void => undefined,
    };
    const post = (event: TableEvent): void => this.#take(event);
    const { counters, log } = this;
    const limits = { transfers, memory: 1e9 };
    this.table = new TransferTable({ outlet, post, counters, limits, ports: 'single' });
    this.receiver = new Receiver({ table: this.table, outlet, counters, log: new QuietLog(log) });
  }

  /** Hand in a datagram; the blocks, or other kinds of packets, that were sent to its client for it. */
  receive(client: Client, bytes: Uint8Array): readonly (number | string)[] {
    this.sent.length = 0;
    this.receiver.receive(this.listener, client, bytes);
    return this.#shown();
  }

  /** Let time pass. */
  wait(ms: number): readonly (number | string)[] {
    this.sent.length = 0;
    for (const end = this.table.now + ms; this.table.nextDeadline <= end; ) {
      this.table.now = this.table.nextDeadline;
      this.table.tick();
    }
    return this.#shown();
  }

  #shown(): readonly (number | string)[] {
    return this.sent.map(({ bytes }) => {
      const decoded = decodeTftp(bytes);
      if (!decoded.ok) return decoded.reason;
      return decoded.packet.kind === 'data' ? decoded.packet.block : decoded.packet.kind;
    });
  }

  #take(event: TableEvent): void {
    this.events.push(event);
    if (event.kind !== 'find') return;
    this.table.take({
      kind: 'found',
      ticket: event.ticket,
      name: event.file,
      content: { kind: 'bytes', bytes: content(5000) },
      limits: { blockSize: 1468, windowSize: 64 },
    });
  }
}

function client(index: number): Client {
  return clientOf(ipv4ToNumber(ip('10.77.0.1')) + index, 2000);
}

describe('requests', () => {
  it('T12: a repeated request sends nothing; one of a client switched off and on starts anew', () => {
    const desk = new Desk();
    expect(desk.receive(client(1), read())).toEqual([1]);
    expect(desk.receive(client(1), read())).toEqual([]);
    expect(desk.receive(client(1), ack(1))).toEqual([2]);
    expect(desk.receive(client(1), read())).toEqual([]);
    desk.table.now += 1500;
    expect(desk.receive(client(1), read())).toEqual([1]);
    expect(desk.counters.read()).toMatchObject({ requests: 2, active: 1 });
  });

  it.each([0, 7, 13, 19, 53, 69, 123])('T13: a request from port %i is not answered', (port) => {
    const desk = new Desk();
    expect(desk.receive(clientOf(ipv4ToNumber(ip('10.77.0.9')), port), read())).toEqual([]);
  });

  it('T14: 10 000 requests from forged addresses are answered four times each at most, and then forgotten', () => {
    const desk = new Desk(1000);
    let answers = 0;
    for (let index = 0; index < 10_000; index++) {
      answers += desk.receive(client(index), read('snponly.efi', { tsize: '0' })).length;
      if (index % 100 === 0) answers += desk.wait(1).length;
    }
    answers += desk.wait(60_000).length;
    expect(answers).toBeLessThanOrEqual(40_000);
    expect(desk.counters.read()).toMatchObject({ active: 0, requests: 10_000 });
    expect(desk.table.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('T14: those forged take no place from those who have answered', () => {
    const desk = new Desk(100);
    for (let index = 0; index < 50; index++) {
      desk.receive(client(index), read());
      desk.receive(client(index), ack(1));
    }
    for (let index = 100; index < 1000; index++) desk.receive(client(index), read());
    for (let index = 0; index < 50; index++) expect(desk.receive(client(index), ack(2))).toEqual([3]);
    expect(desk.counters.read().active).toBe(100);
  });

  it('leaves a request unanswered while all places are taken', () => {
    const desk = new Desk(1);
    desk.receive(client(1), read());
    desk.receive(client(1), ack(1));
    expect(desk.receive(client(2), read())).toEqual([]);
    expect(desk.log.of('warn')).toEqual(['too many TFTP transfers at once']);
    desk.receive(client(1), error(0));
    expect(desk.receive(client(2), read())).toEqual([1]);
  });
});

describe('transfers', () => {
  it('E1: an OACK that is never acknowledged is sent four times', () => {
    const desk = new Desk();
    desk.receive(client(1), read('snponly.efi', { tsize: '0' }));
    expect(desk.wait(60_000)).toEqual(['oack', 'oack', 'oack']);
    expect(desk.events.at(-1)).toMatchObject({ kind: 'ended', outcome: { kind: 'timeout' }, bytes: 0 });
    expect(desk.counters.read()).toMatchObject({ active: 0, resent: 3, timeouts: 1 });
  });

  it('E6: a client silent at any block is forgotten', () => {
    for (let silentAt = 1; silentAt < 10; silentAt++) {
      const desk = new Desk();
      desk.receive(client(1), read());
      for (let block = 1; block <= silentAt; block++) desk.receive(client(1), ack(block));
      desk.wait(60_000);
      expect(desk.events.at(-1)).toMatchObject({ outcome: { kind: 'timeout' }, bytes: silentAt * 512 });
      expect(desk.counters.read().active).toBe(0);
    }
  });

  it('E12: 1000 transfers go on beside 1000 silent ones', () => {
    const desk = new Desk();
    for (let index = 0; index < 2000; index++) desk.receive(client(index), read());
    for (let block = 1; block <= 10; block++) {
      desk.wait(30);
      for (let index = 0; index < 1000; index++) desk.receive(client(index), ack(block));
    }
    const complete = desk.events.filter(
      (event) => event.kind === 'ended' && event.outcome.kind === 'complete',
    );
    expect(complete).toHaveLength(1000);
    desk.wait(60_000);
    expect(desk.counters.read()).toMatchObject({ active: 0, timeouts: 1000, bytes: 5_000_000 });
  });
});
