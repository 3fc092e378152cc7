import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TftpDialogue, type TftpOutcome } from '../../../src/lab/storm/tftp-dialogue.ts';
import type { Turn } from '../../../src/ports/storm-card.ts';
import { decodeTftp, encodeTftp, type TftpPacket } from '../../../src/wire/tftp/packet.ts';
import { FakeStormCard } from '../../fakes/storm-card.ts';
import { aBootServer, content, seeded } from './world.ts';

const PORT = 3069;

function sent({ send }: Turn<TftpOutcome>): readonly TftpPacket[] {
  return send.map((bytes) => {
    const decoded = decodeTftp(bytes);
    if (!decoded.ok) throw new Error(decoded.reason);
    return decoded.packet;
  });
}

/** A dialogue in which windows of three blocks of eight octets are agreed. */
function windowed() {
  const dialogue = new TftpDialogue({ file: 'x', options: new Map([['windowsize', '3']]) });
  dialogue.begin();
  const options = new Map([
    ['blksize', '8'],
    ['windowsize', '3'],
  ]);
  dialogue.hear(encodeTftp({ kind: 'oack', options }), PORT);
  const hear = (block: number, length = 8, port = PORT): Turn<TftpOutcome> =>
    dialogue.hear(encodeTftp({ kind: 'data', block, data: new Uint8Array(length) }), port);
  return { dialogue, hear };
}

describe('TftpDialogue', () => {
  test('acknowledges the last block of each window, and the last of all', () => {
    const { hear } = windowed();
    expect([1, 2, 3].map((block) => sent(hear(block)))).toEqual([[], [], [{ kind: 'ack', block: 3 }]]);
    expect(hear(4, 5)).toMatchObject({ result: { received: 29 } });
  });

  test('answers a gap once, and goes on when it is filled', () => {
    const { hear } = windowed();
    expect(sent(hear(2))).toEqual([{ kind: 'ack', block: 0 }]);
    expect(sent(hear(3))).toEqual([]);
    expect([1, 2, 3].flatMap((block) => sent(hear(block)))).toEqual([{ kind: 'ack', block: 3 }]);
  });

  test('acknowledges a repeated block again, for the ACK was lost', () => {
    const { hear } = windowed();
    for (const block of [1, 2, 3]) hear(block);
    expect(sent(hear(3))).toEqual([{ kind: 'ack', block: 3 }]);
    expect(sent(hear(1))).toEqual([]);
  });

  test('does not hear another port', () => {
    const { hear } = windowed();
    expect(hear(1, 3, PORT + 1)).toEqual({ send: [] });
  });

  test('only asks for the size, and says so with ERROR 8', () => {
    const dialogue = new TftpDialogue({ file: 'x', options: new Map([['tsize', '0']]), sizeOnly: true });
    dialogue.begin();
    const turn = dialogue.hear(encodeTftp({ kind: 'oack', options: new Map([['tsize', '77']]) }), PORT);
    expect(sent(turn)).toEqual([{ kind: 'error', code: 8, message: 'User aborted the transfer' }]);
    expect(turn.result?.size).toBe(77);
  });

  test('gives up after seven tries, each twice as patient up to 8 s', () => {
    const dialogue = new TftpDialogue({ file: 'x', options: new Map() });
    const waits = [dialogue.begin().wait];
    let turn = dialogue.timeUp();
    for (; turn.result === undefined; turn = dialogue.timeUp()) waits.push(turn.wait);
    expect(waits).toEqual([1000, 2000, 4000, 8000, 8000, 8000, 8000]);
    expect(turn.result.fault).toBe('no datagram after 7 tries');
  });

  test('brings every file over every link that loses less than everything', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 30_000 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 1000 }),
        async (length, isWindowed, seed) => {
          const { bytes } = content(length);
          const random = seeded(seed);
          const server = aBootServer({ files: new Map([['x', bytes]]) });
          const card = new FakeStormCard(server, lossyLink(random));
          const came: Uint8Array[] = [];
          const options = new Map([
            ['blksize', '512'],
            ...(isWindowed ? [['windowsize', '4'] as const] : []),
          ]);
          const take = (data: Uint8Array): void => void came.push(data);
          const outcome = await card.tftp(new TftpDialogue({ file: 'x', options, take }));
          expect(outcome.fault).toBeUndefined();
          expect(Buffer.concat(came).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** One datagram in ten is lost, but never so many that seven exchanges in a row fail: then the client is right to give up. */
function lossyLink(random: () => number): () => boolean {
  let lost = 0;
  let arrived = 0;
  return () => {
    const isLost = lost < 5 && random() < 0.1;
    arrived = isLost ? 0 : arrived + 1;
    lost = isLost ? lost + 1 : arrived >= 2 ? 0 : lost;
    return isLost;
  };
}
