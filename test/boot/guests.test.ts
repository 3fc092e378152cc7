import { describe, expect, it } from 'vitest';
import { aPolicy, aSubnet, ip, mac } from '../builders.ts';
import { aMessage, ask, aWorld, firmware, short, taking } from './world.ts';

describe('unknown_hosts: address', () => {
  const guests = aPolicy({ unknownHosts: { kind: 'address' } });
  const chaddr = mac('02:ff:00:00:00:07');

  it.each([
    ['firmware', firmware(7)],
    ['firmware of an unknown architecture', firmware(999)],
    ['a running system', []],
  ] as const)('%s gets an address and nothing to boot', async (_name, options) => {
    const world = aWorld({ policy: guests });
    const offer = await ask(world, aMessage('DISCOVER', { chaddr, options }));
    expect(short(offer)).toMatch(/^OFFER 10\.77\.0\.1/);
    const [, address = ''] = short(offer).split(' ');
    const ack = await ask(
      world,
      aMessage('REQUEST', { chaddr, options: [...options, ...taking(ip(address))] }),
    );
    expect(short(ack)).toBe(`ACK ${address}`);
    for (const answer of [offer, ack]) {
      expect(answer).toMatchObject({ reply: { file: '', siaddr: '0.0.0.0' } });
      if (answer.kind === 'reply')
        expect([43, 66, 67].filter((code) => answer.reply.options.has(code))).toEqual([]);
    }
  });

  it('a host of ours boots as ever; beside another server strangers get nothing', async () => {
    const world = aWorld({ policy: guests });
    expect(await ask(world, aMessage('DISCOVER', { options: firmware(7) }))).toMatchObject({
      reply: { file: 'snponly.efi' },
    });
    const proxy = aWorld({ policy: { ...guests, subnets: [aSubnet({ mode: 'proxy' })] } });
    expect(short(await ask(proxy, aMessage('DISCOVER', { chaddr, options: firmware(7) })))).toBe(
      'ignored: proxy-mode',
    );
  });

  it('what is no boot leaves no record', async () => {
    const world = aWorld({ policy: guests });
    await ask(world, aMessage('DISCOVER', { chaddr }));
    await world.facts.settled();
    expect(world.recorder.records).toEqual([]);
  });
});
