import { describe, expect, test } from 'vitest';
import { Conversation } from '../../../src/adapters/storm/conversation.ts';
import type { Dialogue } from '../../../src/ports/storm-card.ts';

/** Says its name, waits 5 ms, gives up the third time; ends at the first datagram it hears. */
function aDialogue(): Dialogue<string> {
  let times = 0;
  return {
    begin: () => ({ send: [Buffer.from('begin')], wait: 5 }),
    hear: (datagram, port) => ({ send: [], result: `heard ${Buffer.from(datagram).toString()} of ${port}` }),
    timeUp: () => {
      times += 1;
      return times < 3 ? { send: [Buffer.from('again')], port: 7, wait: 5 } : { send: [], result: 'gave up' };
    },
  };
}

describe('Conversation', () => {
  test('sends what the dialogue says, waits, and tells it when the time is up', async () => {
    const sent: string[] = [];
    const conversation = new Conversation(aDialogue(), (datagram, port) =>
      sent.push(`${Buffer.from(datagram).toString()} ${port ?? 'first'}`),
    );
    conversation.begin();
    expect(await conversation.result).toBe('gave up');
    expect(sent).toEqual(['begin first', 'again 7', 'again 7']);
  });

  test('ends with its result and hears nothing after it', async () => {
    const conversation = new Conversation(aDialogue(), () => undefined);
    conversation.begin();
    conversation.hear(Buffer.from('x'), 9);
    conversation.hear(Buffer.from('y'), 9);
    expect(await conversation.result).toBe('heard x of 9');
  });
});
