import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { type Booting, bootHost } from '../../lab/storm/boot.ts';
import type { ClientsPlan } from '../../lab/storm/clients-plan.ts';
import { countPhases, type StormNews } from '../../lab/storm/news.ts';
import { STORM_SERVER } from '../../lab/storm/plan.ts';
import { HostRecord } from '../../lab/storm/record.ts';
import { commandRunner } from '../command.ts';
import { CardAddresses } from './addresses.ts';
import { SocketCard } from './card.ts';
import { DhcpPort } from './dhcp-port.ts';

const PROGRESS_MS = 2000;
/** Simulated hosts take no time from the server that real ones would not take. */
const CLIENTS_PRIORITY = 5;

/** Boot all hosts of the plan, in the namespace that this process is in; tells what happens until all have settled. */
export async function runClients(plan: ClientsPlan, tell: (news: StormNews) => void): Promise<void> {
  setPriority(CLIENTS_PRIORITY);
  const shared = {
    dhcp: await DhcpPort.open(),
    addresses: await CardAddresses.open(commandRunner),
    server: STORM_SERVER,
  };
  const leased: Booting['leased'] = new Map();
  const records = plan.hosts.map((host) => new HostRecord(host.name));
  const told = new Set<HostRecord>();
  const tellHost = (record: HostRecord): void => {
    if (told.has(record)) return;
    told.add(record);
    tell({ kind: 'host', result: record });
  };
  const tellProgress = (): void => tell({ kind: 'progress', phases: countPhases(records) });
  const timer = setInterval(tellProgress, PROGRESS_MS);
  const start = performance.now();
  const boots = plan.hosts.map(async (host, index) => {
    const record = records[index];
    if (record === undefined) return;
    await delay(host.start);
    const hashes = index % plan.hashEvery === 0;
    const card = new SocketCard(shared);
    const { files } = plan;
    const since = start + host.start;
    await bootHost({ host, card, record, files, leased, hashes, random: Math.random, since });
    tellHost(record);
  });
  await Promise.race([Promise.all(boots), delay(plan.limit * 1000)]);
  clearInterval(timer);
  for (const record of records) tellHost(record);
  tellProgress();
  tell({ kind: 'end' });
}
