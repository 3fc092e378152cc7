import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { commandRunner } from '../adapters/command.ts';
import type { Site } from '../config/site.ts';
import { AppError } from '../core/errors.ts';
import { parseHostName } from '../core/host.ts';
import { parseImageName } from '../core/image.ts';
import { buildAll } from '../core/job.ts';
import type { Timeline } from '../fleet/timeline.ts';
import { inNetwork } from '../lab/network.ts';
import type { LabFirmware } from '../ports/virtual-host.ts';
import { buildAsJob } from './build.ts';
import { formatSeconds, paint, printable } from './format.ts';
import { print, readCount } from './invocation.ts';
import { bootInLab, interruption, untilAborted } from './lab/boot.ts';
import { reachHints } from './lab/hints.ts';
import type { Lab, LabHost } from './lab/session.ts';
import { Progress } from './progress.ts';
import { type OpenSite, withState } from './site.ts';
import { timelineText } from './timeline-text.ts';

const IMAGES = ['nbp', 'web'] as const;
const HOSTS: readonly (readonly [name: string, firmware: LabFirmware])[] = [
  ['web01', 'bios'],
  ['web02', 'uefi'],
];

/** `bivouac demo`: build, serve, boot two virtual hosts, show what came of it. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('build two images and boot two virtual hosts into them; needs root')
    .option('--keep', 'leave all running until Ctrl-C')
    .option('--limit <seconds>', 'give up booting after this time', readCount, 600)
    .action((options: { keep?: boolean; limit: number }) =>
      withState({ config: demoConfig() }, (state) => runDemo(state, options)),
    );
}

function demoConfig(): string {
  return process.env['BIVOUAC_CONFIG'] ?? fileURLToPath(new URL('../../deploy/demo.yml', import.meta.url));
}

async function runDemo(state: OpenSite, { keep, limit }: { keep?: boolean; limit: number }): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new AppError('usage', 'Cannot run the demo: it needs root', {
      remedy: 'It makes a network namespace, builds in containers and listens on ports 67, 69 and 80',
    });
  const startedAt = Date.now();
  for (const image of IMAGES) await buildDemoImage(image, state);
  headline('Boot two hosts');
  const hosts = HOSTS.map(([name, firmware]) => ({ host: requireDemoHost(name, state.site), firmware }));
  const signal = interruption();
  await bootInLab({ name: 'demo', state, hosts, limit, say: print, signal }, async (lab, timelines) => {
    for (const timeline of timelines) showTimeline(timeline);
    for (const host of hosts) await showPage(host, lab);
    reportOutcome(timelines, startedAt);
    if (keep !== true) return;
    headline('All is running until you press Ctrl-C');
    print(reachHints(lab, hosts, state.site));
    await untilAborted(signal);
  });
}

async function buildDemoImage(name: string, state: OpenSite): Promise<void> {
  const image = parseImageName(name);
  if (image === undefined) return;
  headline(`Build image ${name}`);
  const progress = new Progress({ verbose: false });
  await buildAsJob(buildAll(image), state, progress.show).finally(() => progress.end());
}

function requireDemoHost(name: string, site: Site): LabHost['host'] {
  const host = site.hosts.find((one) => one.name === parseHostName(name));
  if (host !== undefined) return host;
  throw new AppError('not-found', `Cannot run the demo: there is no host "${name}"`, {
    remedy: `Put back hosts/${name}.yml`,
  });
}

function showTimeline(timeline: Timeline): void {
  headline(`Timeline of ${timeline.host ?? timeline.mac}`);
  print(timelineText(timeline));
}

async function showPage({ host }: LabHost, lab: Lab): Promise<void> {
  const url = `http://${host.address ?? host.name}/`;
  headline(`Page of ${host.name}: ${url}`);
  const curl = ['curl', '--silent', '--show-error', '--fail', '--max-time', '20', url];
  const { stdout } = await commandRunner.run([...inNetwork(lab.network), ...curl]);
  print(stdout.trimEnd().split('\n').map(printable).join('\n'));
}

function reportOutcome(timelines: readonly Timeline[], startedAt: number): void {
  const healthy = timelines.filter((timeline) => timeline.outcome === 'healthy');
  headline(
    `${healthy.length} of ${timelines.length} hosts healthy, ${formatSeconds((Date.now() - startedAt) / 1000)} in all`,
  );
  if (healthy.length < timelines.length) process.exitCode = 1;
}

function headline(text: string): void {
  print(`\n${paint('bold', `== ${text}`)}`);
}
