import { setPriority } from 'node:os';
import type { Mac } from '../../core/address.ts';
import type { ClientsPlan } from '../../lab/storm/clients-plan.ts';
import { DhcpDialogue } from '../../lab/storm/dhcp-dialogue.ts';
import type { StormNews } from '../../lab/storm/news.ts';
import { DhcpPort } from './dhcp-port.ts';

const TELL_MS = 1000;
/** One try: on a link without loss, no answer is an answer that the server did not give. */
const WAITS = [4000];
/** The probe measures the server, not how long it waits for a processor itself. */
const PROBE_PRIORITY = -10;

/**
 * Ask for addresses at a steady rate, by turns of the plan's hosts, and tell how long the answers took. Before that each
 * asks once: a server may look for a conflict before it first offers an address, and that takes its time. Never ends.
 */
export async function runProbe(plan: ClientsPlan, tell: (news: StormNews) => void): Promise<never> {
  setPriority(PROBE_PRIORITY);
  const port = await DhcpPort.open();
  let answers: number[] = [];
  let lost = 0;
  const busy = new Set<Mac>();
  const ask = async (mac: Mac): Promise<void> => {
    busy.add(mac);
    const asking = { mac, speaker: 'initramfs', waits: WAITS, random: Math.random } as const;
    const outcome = await port.converse(mac, new DhcpDialogue(asking));
    busy.delete(mac);
    answers.push(...outcome.answers);
    if (outcome.fault !== undefined) lost += 1;
  };
  await Promise.all(plan.hosts.map(({ mac }) => ask(mac)));
  [answers, lost] = [[], 0];
  let turn = 0;
  setInterval(
    () => {
      const mac = plan.hosts[turn++ % plan.hosts.length]?.mac;
      if (mac !== undefined && !busy.has(mac)) void ask(mac);
    },
    1000 / (plan.probe ?? 1),
  );
  setInterval(() => {
    tell({ kind: 'probe', answers, lost });
    answers = [];
    lost = 0;
  }, TELL_MS);
  return await new Promise<never>(() => undefined);
}
