import type { Ipv4 } from '../core/address.ts';

/** Told that a relay agent whose word does not count named another link than the one it is on. */
export type UnheededLink = (agent: Ipv4, link: Ipv4) => void;

/** Whoever can send to port 67 can make up agents. */
const MOST_AGENTS = 64;

/** Tell of each agent once, and of no more than 64. */
export function oncePerAgent(tell: UnheededLink): UnheededLink {
  const told = new Set<Ipv4>();
  return (agent, link) => {
    if (told.has(agent) || told.size >= MOST_AGENTS) return;
    told.add(agent);
    tell(agent, link);
  };
}
