import { describe, expect, it } from 'vitest';
import { encodeTftp } from '../../src/wire/tftp/packet.ts';
import {
  ack,
  blocks,
  CLIENT,
  channelOf,
  fetchFile,
  messages,
  read,
  STRANGER,
  TftpBench,
} from './tftp-bench.ts';

const CONTENT = Uint8Array.from({ length: 3000 }, (_, at) => (at * 31) & 255);
const FILES = { file: CONTENT, even: CONTENT.subarray(0, 1024), empty: new Uint8Array() };

describe('RFC 1350', () => {
  it('[RFC1350-2-lock-step] one block is sent at a time, numbered from 1, the next after its ACK', () => {
    const bench = new TftpBench(FILES);
    const first = bench.receive(read('file'));
    const channel = channelOf(first);
    expect(blocks(first)).toEqual([1]);
    for (const block of [1, 2, 3, 4, 5]) {
      expect(blocks(bench.receive(ack(block), channel))).toEqual([block + 1]);
    }
    expect(bench.receive(ack(6), channel)).toEqual([]);
    expect(bench.ended).toMatchObject([{ outcome: { kind: 'complete' }, bytes: 3000 }]);
  });

  it.each([
    ['file', 6],
    ['even', 3],
    ['empty', 1],
  ] as const)(
    '[RFC1350-6-end] %s ends with a block shorter than 512 octets, empty if need be',
    (file, count) => {
      const fetched = fetchFile(new TftpBench(FILES), read(file));
      expect(fetched.count).toBe(count);
      expect(fetched.content).toEqual(Buffer.from(FILES[file]));
    },
  );

  it('[RFC1350-2-resend] what is not acknowledged is sent again', () => {
    const bench = new TftpBench(FILES);
    const first = bench.receive(read('file'));
    expect(bench.pass().map(({ bytes }) => bytes)).toEqual(first.map(({ bytes }) => bytes));
  });

  it('[RFC1350-2-error-ends] an ERROR ends the transfer and is not answered', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file')));
    expect(bench.receive(encodeTftp({ kind: 'error', code: 3, message: 'Disk full' }), channel)).toEqual([]);
    expect(bench.active).toBe(0);
    expect(bench.pass(60_000)).toEqual([]);
  });

  it('[RFC1350-2-errors-once] an ERROR of the server is sent once and ends all', () => {
    const bench = new TftpBench(FILES);
    expect(messages(bench.receive(read('other')))).toMatchObject([{ kind: 'error', code: 1 }]);
    expect(bench.active).toBe(0);
    expect(bench.pass(60_000)).toEqual([]);
  });

  it('[RFC1350-4-tid] each transfer has a port of its own, which the request did not go to', () => {
    const bench = new TftpBench(FILES);
    const one = channelOf(bench.receive(read('file')));
    const other = channelOf(bench.receive(read('file'), bench.listener, STRANGER));
    expect(new Set([bench.listener.id, one.id, other.id]).size).toBe(3);
  });

  it('[RFC1350-4-stranger] a packet from elsewhere gets ERROR 5, and the transfer goes on', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file')));
    const told = bench.receive(ack(1), channel, STRANGER);
    expect(messages(told)).toMatchObject([{ kind: 'error', code: 5 }]);
    expect(told[0]?.client).toBe(STRANGER);
    expect(blocks(bench.receive(ack(1), channel, CLIENT))).toEqual([2]);
  });

  it('[RFC1350-5-mode] the mode is read in any case; what is no mode is refused', () => {
    for (const mode of ['octet', 'OCTET', 'Octet', 'NETASCII'])
      expect(blocks(new TftpBench(FILES).receive(read('file', {}, mode)))).toEqual([1]);
    for (const mode of ['mail', 'binary', 'x'])
      expect(messages(new TftpBench(FILES).receive(read('file', {}, mode)))).toMatchObject([
        { kind: 'error' },
      ]);
  });

  it('[RFC1350-5-write] a write request is refused', () => {
    const request = encodeTftp({ kind: 'write', file: 'file', mode: 'octet', options: new Map() });
    expect(messages(new TftpBench(FILES).receive(request))).toMatchObject([{ kind: 'error', code: 2 }]);
  });

  it('[RFC1350-5-nul] every text that the server sends ends with a NUL', () => {
    const [error] = new TftpBench(FILES).receive(read('other'));
    const [oack] = new TftpBench(FILES).receive(read('file', { tsize: '0' }));
    expect([error?.bytes.at(-1), oack?.bytes.at(-1)]).toEqual([0, 0]);
  });
});

describe('RFC 1123 section 4.2', () => {
  it('[RFC1123-4.2.3.1-apprentice] an ACK that comes twice sends nothing', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file')));
    expect(blocks(bench.receive(ack(1), channel))).toEqual([2]);
    for (let count = 0; count < 10; count++) expect(bench.receive(ack(1), channel)).toEqual([]);
    expect(blocks(bench.receive(ack(2), channel))).toEqual([3]);
  });

  it('[RFC1123-4.2.3.2-timeout] the time-out adapts, and grows exponentially', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file')));
    const unmeasured = bench.wait;
    bench.pass(2);
    bench.receive(ack(1), channel);
    const measured = bench.wait;
    expect(measured).toBeLessThan(unmeasured);
    const waits = [0, 1, 2].map(() => {
      bench.pass();
      return bench.wait;
    });
    expect(waits).toEqual([2, 4, 8].map((times): unknown => expect.closeTo(measured * times, 5)));
  });

  it('[RFC1123-4.2.2.1-mail] mode mail is not served', () => {
    const answer = new TftpBench(FILES).receive(read('file', {}, 'mail'));
    expect(messages(answer)).toMatchObject([{ kind: 'error', code: 4 }]);
  });
});
