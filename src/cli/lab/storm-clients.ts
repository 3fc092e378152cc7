import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { runClients } from '../../adapters/storm/clients.ts';
import { runProbe } from '../../adapters/storm/probe.ts';
import { parseClientsPlan } from '../../lab/storm/clients-plan.ts';
import { newsLine, type StormNews } from '../../lab/storm/news.ts';
import { print } from '../invocation.ts';

/** Name of the command that a storm starts in the namespace of its simulated hosts. */
export const STORM_CLIENTS = 'storm-clients';

/** `bivouac lab storm-clients PLAN`: not for people; `lab storm` starts it. */
export function stormClientsCommand(): Command {
  return new Command(STORM_CLIENTS)
    .description('the simulated hosts of a storm, in the namespace that this runs in')
    .argument('<plan>', 'file that says which')
    .action(async (path: string) => {
      const plan = parseClientsPlan(await readFile(path, 'utf8'));
      const tell = (news: StormNews): void => print(newsLine(news));
      if (plan.probe !== undefined) await runProbe(plan, tell);
      await runClients(plan, tell);
      // Sockets and timers of hosts whose time was up would keep the process alive.
      process.stdout.write('', () => process.exit(0));
    });
}
