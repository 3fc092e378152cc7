import { answerDhcp } from '../../src/boot/answer-dhcp.ts';
import { DhcpServer } from '../../src/servers/dhcp.ts';
import { dhcpListeners } from '../../src/servers/dhcp-listeners.ts';
import type { DatagramLogger } from '../../src/servers/quiet-log.ts';
import { aWorld } from '../boot/world.ts';
import { aHost, aPolicy } from '../builders.ts';

// The DHCP side alone, for a network namespace: one host with an address reserved, and nobody else.
const policy = aPolicy();
const world = aWorld({ hosts: [aHost()], policy });
const print = (fields: unknown, message?: unknown): void => console.log(JSON.stringify({ message, fields }));
const logger: DatagramLogger = { debug: print, info: print, warn: print, error: print };
const dhcp = new DhcpServer({
  listeners: () => dhcpListeners(policy),
  logger,
  answer: (request) => answerDhcp(request, { ...world, clock: { now: () => Date.now() } }),
});
await dhcp.start();
print({}, 'ready');
process.once('SIGTERM', () => void dhcp.stop());
