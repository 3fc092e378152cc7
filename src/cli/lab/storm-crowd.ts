import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandRunner, systemPath } from '../../adapters/command.ts';
import type { ClientsPlan } from '../../lab/storm/clients-plan.ts';
import { clientsPlanText } from '../../lab/storm/clients-plan.ts';
import { parseNews, type StormNews } from '../../lab/storm/news.ts';
import type { RunningCommand } from '../../ports/command.ts';
import { mainProgram } from './server-process.ts';
import { STORM_CLIENTS } from './storm-clients.ts';

/** A program of simulated hosts to start. */
export interface Crowd {
  readonly plan: ClientsPlan;
  readonly namespace: string;
  /** Folder for the plan's file. */
  readonly folder: string;
  /** Takes what it tells. */
  readonly hear: (news: StormNews) => void;
  /** Takes what it says besides, such as why it fell. */
  readonly say: (line: string) => void;
}

/** Start simulated hosts in their namespace. They end with this process. */
export async function startCrowd({ plan, namespace, folder, hear, say }: Crowd): Promise<RunningCommand> {
  const path = join(folder, `${namespace}.json`);
  await writeFile(path, clientsPlanText(plan));
  const program = [process.execPath, mainProgram(), 'lab', STORM_CLIENTS, path];
  return await commandRunner.start(['ip', 'netns', 'exec', namespace, ...program], {
    tethered: true,
    environment: { PATH: systemPath(), HOME: '/root', LC_ALL: 'C.UTF-8' },
    log: (line) => {
      const news = parseNews(line);
      if (news === undefined) say(line);
      else hear(news);
    },
  });
}
