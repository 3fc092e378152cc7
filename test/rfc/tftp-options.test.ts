import { describe, expect, it } from 'vitest';
import { encodeTftp } from '../../src/wire/tftp/packet.ts';
import { ack, blocks, channelOf, fetchFile, messages, read, TftpBench } from './tftp-bench.ts';

const CONTENT = Uint8Array.from({ length: 3000 }, (_, at) => (at * 31) & 255);
const FILES = { file: CONTENT, empty: new Uint8Array() };

describe('RFC 2347', () => {
  it('[RFC2347-oack] options are answered by an OACK, and block 1 follows the ACK of block 0', () => {
    const bench = new TftpBench(FILES);
    const answer = bench.receive(read('file', { tsize: '0' }));
    expect(messages(answer)).toEqual([{ kind: 'oack', options: new Map([['tsize', '3000']]) }]);
    expect(blocks(bench.receive(ack(0), channelOf(answer)))).toEqual([1]);
  });

  it('[RFC2347-asked-only] an OACK holds no option that was not asked for, and none that is not known', () => {
    const asked = { blksize: '1000', multicast: '', rollover: '0', password: 'x', utimeout: '1000' };
    const [oack] = messages(new TftpBench(FILES).receive(read('file', asked)));
    expect(oack).toEqual({ kind: 'oack', options: new Map([['blksize', '1000']]) });
  });

  it('[RFC2347-none] where no option is taken the answer is the first block', () => {
    const asked = [{}, { password: 'x' }, { blksize: '7', windowsize: '0', timeout: '0', tsize: 'x' }];
    for (const options of asked)
      expect(blocks(new TftpBench(FILES).receive(read('file', options)))).toEqual([1]);
  });

  it('[RFC2347-case] names of options are read in any case', () => {
    const [oack] = messages(new TftpBench(FILES).receive(read('file', { BLKSIZE: '1000', Tsize: '0' })));
    const options = new Map([
      ['blksize', '1000'],
      ['tsize', '3000'],
    ]);
    expect(oack).toEqual({ kind: 'oack', options });
  });

  it('[RFC2347-refused] ERROR 8 of a client that does not like the OACK ends the transfer', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file', { tsize: '0' })));
    expect(bench.receive(encodeTftp({ kind: 'error', code: 8, message: 'No' }), channel)).toEqual([]);
    expect(bench.active).toBe(0);
    expect(bench.ended).toMatchObject([{ outcome: { kind: 'size-probe' } }]);
  });

  it('[RFC2347-once] each option is in an OACK once, also when it was asked for twice', () => {
    const request = '\0\x01file\0octet\0blksize\x001000\0blksize\x00500\0tsize\x000\0';
    const [oack] = messages(new TftpBench(FILES).receive(request));
    const options = new Map([
      ['blksize', '1000'],
      ['tsize', '3000'],
    ]);
    expect(oack).toEqual({ kind: 'oack', options });
  });
});

describe('RFC 2348 and RFC 2349', () => {
  it.each([8, 512, 1000, 1468])('[RFC2348-size] blocks have the %i octets that were agreed on', (size) => {
    const bench = new TftpBench(FILES);
    const fetched = fetchFile(bench, read('file', { blksize: String(size) }));
    expect(fetched.content).toEqual(Buffer.from(CONTENT));
    expect(fetched.count).toBe(Math.floor(CONTENT.length / size) + 1);
  });

  it.each(['1469', '8192', '65464'])('[RFC2348-smaller] of %s octets no more are granted', (asked) => {
    const [oack] = messages(new TftpBench(FILES).receive(read('file', { blksize: asked })));
    expect(oack).toEqual({ kind: 'oack', options: new Map([['blksize', '1468']]) });
  });

  it.each(['0', '7', '65465', '-1', '1e3', ' 512', ''])('[RFC2348-range] %j is no block size', (asked) => {
    expect(blocks(new TftpBench(FILES).receive(read('file', { blksize: asked })))).toEqual([1]);
  });

  it('[RFC2349-tsize] tsize is answered with the size of the file', () => {
    for (const [file, size] of [
      ['file', '3000'],
      ['empty', '0'],
    ] as const) {
      const [oack] = messages(new TftpBench(FILES).receive(read(file, { tsize: '0' })));
      expect(oack).toEqual({ kind: 'oack', options: new Map([['tsize', size]]) });
    }
  });

  it('[RFC2349-timeout] a time-out of 1 to 255 s is taken as it is, another not at all', () => {
    for (const asked of ['1', '255']) {
      const [oack] = messages(new TftpBench(FILES).receive(read('file', { timeout: asked })));
      expect(oack).toEqual({ kind: 'oack', options: new Map([['timeout', asked]]) });
    }
    for (const asked of ['0', '256', 'x'])
      expect(blocks(new TftpBench(FILES).receive(read('file', { timeout: asked })))).toEqual([1]);
  });
});

describe('RFC 7440', () => {
  const WINDOW = { blksize: '100', windowsize: '4' };

  it('[RFC7440-3-granted] a window is granted as asked for, or smaller', () => {
    for (const [asked, granted] of [
      ['1', '1'],
      ['4', '4'],
      ['65535', '64'],
    ] as const) {
      const [oack] = messages(new TftpBench(FILES).receive(read('file', { windowsize: asked })));
      expect(oack).toEqual({ kind: 'oack', options: new Map([['windowsize', granted]]) });
    }
  });

  it.each(['0', '65536', '-1', 'x'])('[RFC7440-3-range] %j is no window', (asked) => {
    expect(blocks(new TftpBench(FILES).receive(read('file', { windowsize: asked })))).toEqual([1]);
  });

  it('[RFC7440-4-window] a window is sent, the next after the ACK of its last block', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file', WINDOW)));
    expect(blocks(bench.receive(ack(0), channel))).toEqual([1, 2, 3, 4]);
    bench.pass(1);
    expect(blocks(bench.receive(ack(4), channel))).toEqual([5, 6, 7, 8]);
  });

  it('[RFC7440-4-gap] after a gap it begins behind the last block that came in order', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file', WINDOW)));
    bench.receive(ack(0), channel);
    bench.pass(2);
    expect(blocks(bench.receive(ack(2), channel))).toEqual([3, 4, 5, 6]);
  });

  it('[RFC7440-4-resend] a window that nobody acknowledges is sent again', () => {
    const bench = new TftpBench(FILES);
    const channel = channelOf(bench.receive(read('file', WINDOW)));
    bench.receive(ack(0), channel);
    expect(blocks(bench.pass())).toEqual([1, 2, 3, 4]);
  });

  it('[RFC7440-4-end] the last window ends with the short block', () => {
    const bench = new TftpBench({ file: CONTENT.subarray(0, 250) });
    const channel = channelOf(bench.receive(read('file', WINDOW)));
    expect(blocks(bench.receive(ack(0), channel))).toEqual([1, 2, 3]);
    expect(bench.receive(ack(3), channel)).toEqual([]);
    expect(bench.ended).toMatchObject([{ outcome: { kind: 'complete' } }]);
  });
});
