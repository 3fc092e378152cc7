import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesAcknowledged, onError } from '../../../src/wire/tftp/transfer.ts';
import { overLink } from './lossy-link.ts';
import { acked, aTransfer, flight, ReceivingClient, timedOut } from './receiving-client.ts';

describe('lock-step', () => {
  it.each([
    [0, 1],
    [1, 1],
    [511, 1],
    [512, 2],
    [513, 2],
    [1024, 3],
  ])('RFC 1350 section 6, E7: a file of %i octets takes %i blocks', (size, blocks) => {
    const transfer = aTransfer(size);
    for (let block = 1; block < blocks; block++) expect(acked(transfer, block, block)).toEqual([block + 1]);
    expect(acked(transfer, blocks, blocks)).toBe('complete');
    expect(bytesAcknowledged(transfer)).toBe(size);
  });

  it('RFC 1350 section 2: one block is in flight', () => {
    const transfer = aTransfer(5000);
    expect(flight(transfer)).toEqual([1]);
    expect(acked(transfer, 1, 1)).toEqual([2]);
  });

  it('RFC 1123 section 4.2.3.1, E4: an ACK that comes twice sends one block', () => {
    const transfer = aTransfer(5000);
    expect(acked(transfer, 1, 10)).toEqual([2]);
    for (const late of [10, 11, 30, 40_000]) expect(acked(transfer, 1, late)).toBe('wait');
    expect(acked(transfer, 2, 12)).toEqual([3]);
  });

  it('E3: an ACK of any block but the one in flight changes nothing', () => {
    const transfer = aTransfer(5000);
    acked(transfer, 1, 1);
    const before = structuredClone(transfer);
    for (const block of [0, 1, 3, 4, 9, 65_535]) expect(acked(transfer, block, 2)).toBe('wait');
    expect(transfer).toEqual(before);
  });

  it('E8: after block 65535 comes block 0', () => {
    const transfer = aTransfer(8 * 140_000, { blksize: '8' });
    expect(acked(transfer, 0, 0)).toEqual([1]);
    for (let block = 1; block <= 140_000; block++) {
      expect(acked(transfer, block, block) === 'wait').toBe(false);
    }
    expect(flight(transfer)).toEqual([140_001]);
    expect(acked(transfer, 140_001, 140_001)).toBe('complete');
  });
});

describe('windows', () => {
  const asked = { blksize: '512', windowsize: '4' };

  it('RFC 7440 section 4: a window is sent at once, the next when its last block is acknowledged', () => {
    const transfer = aTransfer(512 * 9, asked);
    expect(flight(transfer)).toEqual([0]);
    expect(acked(transfer, 0, 1)).toEqual([1, 2, 3, 4]);
    expect(acked(transfer, 4, 2)).toEqual([5, 6, 7, 8]);
    expect(acked(transfer, 8, 3)).toEqual([9, 10]);
    expect(acked(transfer, 10, 4)).toBe('complete');
  });

  it('RFC 7440 section 4, E3: an ACK inside a window sends from the block after it', () => {
    const transfer = aTransfer(512 * 20, asked);
    acked(transfer, 0, 10);
    expect(acked(transfer, 2, 20)).toEqual([3, 4, 5, 6]);
    expect(acked(transfer, 6, 30)).toEqual([7, 8, 9, 10]);
  });

  it('RFC 7440 section 4: an ACK of the block before a window sends the window again, once in a round trip', () => {
    const transfer = aTransfer(512 * 20, asked);
    acked(transfer, 0, 10);
    expect(acked(transfer, 0, 12)).toBe('wait');
    expect(acked(transfer, 0, 20)).toEqual([1, 2, 3, 4]);
    expect(acked(transfer, 0, 21)).toBe('wait');
  });

  it('a client that acknowledges each block is not sent a window for each', () => {
    const transfer = aTransfer(512 * 20, asked);
    acked(transfer, 0, 10);
    expect(acked(transfer, 1, 20)).toEqual([2, 3, 4, 5]);
    expect(acked(transfer, 2, 20.1)).toEqual([6]);
    expect(acked(transfer, 3, 20.2)).toEqual([7]);
    expect(acked(transfer, 4, 20.3)).toEqual([8]);
  });

  it('E4: with a window, every ACK twice at once sends every block once', () => {
    const transfer = aTransfer(512 * 100, asked);
    const client = new ReceivingClient(transfer);
    let now = 10;
    let blocks = flight(transfer);
    while (!client.isComplete) {
      const answers = blocks.map((block) => client.take(block)).filter((answer) => answer !== undefined);
      now += 10;
      blocks = answers.flatMap((block) => {
        const first = acked(transfer, block, now);
        if (typeof first === 'string') return [];
        expect(acked(transfer, block, now)).toBe('wait');
        return first;
      });
    }
    expect(client.received).toBe(102);
  });

  it('E8: a window goes over block 65535', () => {
    const transfer = aTransfer(8 * 70_000, { blksize: '8', windowsize: '64' });
    acked(transfer, 0, 0);
    while (transfer.base < 65_500) acked(transfer, transfer.next - 1, transfer.base);
    expect(transfer.next).toBeGreaterThan(65_536);
    expect(acked(transfer, 65_537, 80_000)).toEqual(flight(transfer));
    expect(transfer.base).toBe(65_538);
  });

  it.each([
    [1, 0.01],
    [1, 0.2],
    [3, 0.2],
    [4, 0.05],
    [16, 0.01],
    [16, 0.05],
    [16, 0.2],
    [64, 0.01],
  ])('E10: window %i arrives whole over a link that loses %f, repeats and swaps', (windowSize, loss) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const transfer = aTransfer(8 * 300 + 5, { blksize: '8', windowsize: String(windowSize) });
        const result = overLink(transfer, { loss, twice: 0.05, delay: 2, jitter: 1 }, seed);
        // The last ACK may be lost: the client has it all and is gone.
        expect(result.isComplete).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each([1, 16])('E10: 500 ms of delay send no block twice once it is known (window %i)', (windowSize) => {
    const transfer = aTransfer(8 * 300, { blksize: '8', windowsize: String(windowSize) });
    const { outcome, packets } = overLink(transfer, { loss: 0, delay: 250 }, 1);
    expect(outcome).toBe('complete');
    expect(packets).toBeLessThan(301 + 3 * windowSize);
  });

  it.each([
    [1, 1],
    // A client may count what comes twice, and acknowledge inside the window: that is answered, but does not grow.
    [8, 2],
  ])(
    'E4: a link that brings everything twice (window %i) makes at most %i times the DATA',
    (windowSize, times) => {
      const transfer = aTransfer(8 * 1000, { blksize: '8', windowsize: String(windowSize) });
      const { outcome, packets } = overLink(transfer, { loss: 0, twice: 1, delay: 2 }, 1);
      expect(outcome).toBe('complete');
      expect(packets).toBeLessThan(1010 * times);
    },
  );

  it('RFC 7440 section 4: lost blocks are mended within a round trip or a short wait', () => {
    const transfer = aTransfer(8 * 5000, { blksize: '8', windowsize: '16' });
    const { packets, milliseconds } = overLink(transfer, { loss: 0.01, delay: 2 }, 7);
    expect(packets).toBeLessThan(5000 * 1.4);
    // 313 round trips without loss.
    expect(milliseconds).toBeLessThan(313 * 4 * 2.5);
  });
});

describe('retransmission', () => {
  it('RFC 6298 section 2: the wait follows the round trip, 50 ms at least', () => {
    const transfer = aTransfer(512 * 1000);
    for (let block = 1; block <= 20; block++) acked(transfer, block, block * 2);
    expect(transfer.deadline - transfer.sentAt).toBe(50);
    let now = 40;
    for (let block = 21; block <= 60; block++) acked(transfer, block, (now += 200));
    expect(transfer.deadline - transfer.sentAt).toBeGreaterThan(200);
    expect(transfer.deadline - transfer.sentAt).toBeLessThan(400);
  });

  it('RFC 6298 section 5.5: each time-out doubles the wait; section 3: an ambiguous ACK is not measured', () => {
    const transfer = aTransfer(512 * 1000);
    acked(transfer, 1, 1);
    const waits = Array.from({ length: 5 }, () => {
      timedOut(transfer, transfer.deadline);
      return transfer.deadline - transfer.sentAt;
    });
    expect(waits).toEqual([100, 200, 400, 800, 1600]);
    acked(transfer, 2, transfer.sentAt + 1);
    expect(transfer.deadline - transfer.sentAt).toBe(1600);
    acked(transfer, 3, transfer.sentAt + 1);
    expect(transfer.deadline - transfer.sentAt).toBe(50);
  });

  it('RFC 2349: the time-out that a client asks for is the longest wait', () => {
    const transfer = aTransfer(512 * 10, { timeout: '1' });
    acked(transfer, 0, 1);
    for (let times = 0; times < 8; times++) timedOut(transfer, transfer.deadline);
    expect(transfer.deadline - transfer.sentAt).toBe(1000);
  });

  it('E1, T14: an unanswered first packet is sent four times in all', () => {
    for (const asked of [{}, { tsize: '0' }]) {
      const transfer = aTransfer(5000, asked);
      const first = flight(transfer);
      for (let times = 0; times < 3; times++) expect(timedOut(transfer, transfer.deadline)).toEqual(first);
      expect(timedOut(transfer, transfer.deadline)).toBe('silent');
      expect(transfer.sentAt).toBeLessThan(15_000);
    }
  });

  it('E6: a client silent at any block is given up after half a minute', () => {
    for (let silentAt = 1; silentAt < 10; silentAt++) {
      const transfer = aTransfer(4700);
      for (let block = 1; block <= silentAt; block++) acked(transfer, block, block);
      let packets = 0;
      while (timedOut(transfer, transfer.deadline) !== 'silent') packets++;
      expect(packets).toBeLessThan(14);
      expect(transfer.deadline).toBeGreaterThan(20_000);
      expect(transfer.deadline).toBeLessThan(35_000);
    }
  });
});

describe('the end', () => {
  it.each([8, 0])('E2: ERROR %i after the OACK is a size probe', (code) => {
    const outcome = onError(aTransfer(5, { tsize: '0' }), code, 'User aborted the transfer');
    expect(outcome).toEqual({ kind: 'size-probe' });
  });

  it('an ERROR in mid-transfer ends it early', () => {
    const transfer = aTransfer(2000);
    acked(transfer, 1, 1);
    expect(onError(transfer, 3, 'Disk full')).toEqual({ kind: 'aborted', code: 3, message: 'Disk full' });
    expect(bytesAcknowledged(transfer)).toBe(512);
  });
});
