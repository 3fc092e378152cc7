import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TftpPacket } from '../../../src/wire/tftp/packet.ts';
import { advance, bytesAcknowledged, type Step, startTransfer } from '../../../src/wire/tftp/transfer.ts';

const NO_OPTIONS = new Map<string, string>();

function aFile(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 255);
}

function ack(step: Step, block: number): Step {
  return advance(step.transfer, { kind: 'packet', packet: { kind: 'ack', block } });
}

function timeout(step: Step): Step {
  return advance(step.transfer, { kind: 'timeout' });
}

function numberOf(packet: TftpPacket | undefined): number {
  return packet?.kind === 'data' ? packet.block : 0;
}

/** A client that acknowledges everything once; gives what it received and the number of packets. */
function fetchAll(
  content: Uint8Array,
  asked = NO_OPTIONS,
): { received: Buffer; packets: number; step: Step } {
  let step = startTransfer(content, asked);
  const received: Uint8Array[] = [];
  let packets = 0;
  while (step.outcome === undefined) {
    const [packet, ...more] = step.send;
    expect(more).toEqual([]);
    if (packet?.kind === 'data') received.push(packet.data);
    packets++;
    step = ack(step, numberOf(packet));
  }
  return { received: Buffer.concat(received), packets, step };
}

describe('a transfer', () => {
  it.each([
    [0, 1],
    [1, 1],
    [511, 1],
    [512, 2],
    [513, 2],
    [1024, 3],
  ])('E7: a file of %i octets takes %i blocks, the last one short or empty', (size, blocks) => {
    const { received, packets, step } = fetchAll(aFile(size));
    expect(packets).toBe(blocks);
    expect(received.equals(aFile(size))).toBe(true);
    expect(step.outcome).toEqual({ kind: 'complete' });
    expect(bytesAcknowledged(step.transfer, { kind: 'complete' })).toBe(size);
  });

  it('delivers any file at any block size', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 8, max: 1468 }),
        (content, blockSize) => {
          const { received } = fetchAll(content, new Map([['blksize', String(blockSize)]]));
          expect(received.equals(content)).toBe(true);
        },
      ),
    );
  });

  it('E8: block numbers go on from 65535 to 0', () => {
    const content = aFile(8 * 70_000 + 3);
    const { received, packets } = fetchAll(content, new Map([['blksize', '8']]));
    expect(packets).toBe(70_002);
    expect(received.equals(content)).toBe(true);
  });

  it('E10: arrives whole over a link that loses, repeats and reorders', () => {
    const events = fc.array(fc.constantFrom('deliver', 'lose', 'twice', 'stale'), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 3000 }), events, (content, link) => {
        let step = startTransfer(content, new Map([['blksize', '64']]));
        const blocks = new Map<number, Uint8Array>();
        for (let turn = 0; step.outcome === undefined && turn < 2000; turn++) {
          const packet = step.send[0];
          const block = step.transfer.block;
          if (packet?.kind === 'data') blocks.set(block, packet.data);
          const fate = turn < link.length && step.transfer.resent < 2 ? link[turn] : 'deliver';
          if (fate === 'lose') step = timeout(step);
          else if (fate === 'stale') step = { ...ack(step, (block + 65_535) & 0xffff), send: step.send };
          else step = ack(step, block & 0xffff);
          if (fate === 'twice' && step.outcome === undefined) step = { ...ack(step, block), send: step.send };
        }
        expect(step.outcome).toEqual({ kind: 'complete' });
        const received = Buffer.concat([...blocks].sort(([a], [b]) => a - b).map(([, data]) => data));
        expect(received.equals(content)).toBe(true);
      }),
    );
  });
});

describe('options and probes', () => {
  it('answers with OACK first, and with DATA when nothing is granted', () => {
    expect(startTransfer(aFile(5), new Map([['tsize', '0']])).send).toEqual([
      { kind: 'oack', options: new Map([['tsize', '5']]) },
    ]);
    expect(startTransfer(aFile(5), new Map([['windowsize', '4']])).send[0]).toMatchObject({
      kind: 'data',
      block: 1,
    });
  });

  it.each([8, 0])('E2: ERROR %i after the OACK is a size probe', (code) => {
    const step = startTransfer(aFile(5), new Map([['tsize', '0']]));
    const packet = { kind: 'error' as const, code, message: 'User aborted the transfer' };
    expect(advance(step.transfer, { kind: 'packet', packet }).outcome).toEqual({ kind: 'size-probe' });
  });

  it('an ERROR in mid-transfer ends it early', () => {
    const step = ack(startTransfer(aFile(2000), NO_OPTIONS), 1);
    const packet = { kind: 'error' as const, code: 3, message: 'Disk full' };
    const { outcome, transfer } = advance(step.transfer, { kind: 'packet', packet });
    expect(outcome).toEqual({ kind: 'aborted', code: 3, message: 'Disk full' });
    expect(bytesAcknowledged(transfer, { kind: 'aborted', code: 3, message: '' })).toBe(512);
  });
});

describe('robustness', () => {
  it('E3, E4: an ACK of another block, or a second one, sends nothing and leaves the timer alone', () => {
    const step = ack(startTransfer(aFile(5000), NO_OPTIONS), 1);
    for (const block of [0, 1, 3, 65_535]) {
      expect(ack(step, block)).toEqual({ transfer: step.transfer, send: [] });
    }
  });

  it('E13: DATA, OACK and requests in a transfer are nothing to it', () => {
    const step = startTransfer(aFile(5), NO_OPTIONS);
    const packets: TftpPacket[] = [
      { kind: 'data', block: 1, data: aFile(1) },
      { kind: 'oack', options: NO_OPTIONS },
      { kind: 'read', file: 'x', mode: 'octet', options: NO_OPTIONS },
    ];
    for (const packet of packets) {
      expect(advance(step.transfer, { kind: 'packet', packet })).toEqual({
        transfer: step.transfer,
        send: [],
      });
    }
  });

  it('E1, T14: an unanswered first packet is sent four times in all', () => {
    for (const asked of [NO_OPTIONS, new Map([['tsize', '0']])]) {
      let step = startTransfer(aFile(5000), asked);
      let sent = 1;
      for (step = timeout(step); step.outcome === undefined; step = timeout(step)) sent += step.send.length;
      expect(sent).toBe(4);
      expect(step.outcome).toEqual({ kind: 'timeout' });
    }
  });

  it('E6: a client silent at any block is given up, with waits that grow to 5 s', () => {
    for (let silentAt = 1; silentAt < 10; silentAt++) {
      let step = startTransfer(aFile(4700), NO_OPTIONS);
      for (let block = 1; block <= silentAt; block++) step = ack(step, block);
      const waits: number[] = [];
      for (step = timeout(step); step.outcome === undefined; step = timeout(step))
        waits.push(step.timer ?? 0);
      expect(step.outcome).toEqual({ kind: 'timeout' });
      expect(waits).toEqual([800, 1600, 3200, 5000, 5000, 5000, 5000, 5000]);
    }
  });

  it('waits as long as the client asked, 5 s at most', () => {
    expect(startTransfer(aFile(5), new Map([['timeout', '2']])).timer).toBe(2000);
    expect(startTransfer(aFile(5), new Map([['timeout', '255']])).timer).toBe(5000);
  });
});
