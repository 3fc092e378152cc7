import { expect, it } from 'vitest';
import { oncePerAgent } from '../../src/boot/unheeded-link.ts';
import { OPTION } from '../../src/wire/dhcp/options.ts';
import { ip } from '../builders.ts';
import { aMessage, ask, aWorld } from './world.ts';

it('tells once of each relay agent, and not of all that can be made up', () => {
  const told: string[] = [];
  const tell = oncePerAgent((agent, link) => told.push(`${agent} ${link}`));
  for (let round = 0; round < 2; round++) tell(ip('10.77.0.9'), ip('10.99.0.0'));
  expect(told).toEqual(['10.77.0.9 10.99.0.0']);
  for (let last = 0; last < 250; last++) tell(ip(`10.77.1.${last}`), ip('10.99.0.0'));
  expect(told).toHaveLength(64);
});

it('is told to the operator with the answer for its own link (RFC 3527)', async () => {
  const told: unknown[] = [];
  const world = { ...aWorld(), onUnheededLink: (...link: unknown[]) => void told.push(link) };
  const options = [[OPTION.relayAgent, Uint8Array.of(5, 4, 10, 99, 0, 0)]] as const;
  const answer = await ask(world, aMessage('DISCOVER', { giaddr: ip('10.77.0.9'), options }));
  expect(answer.kind).toBe('reply');
  expect(told).toEqual([[ip('10.77.0.9'), ip('10.99.0.0')]]);
});
