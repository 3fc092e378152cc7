import { Command, InvalidArgumentError } from 'commander';
import { AppError } from '../core/errors.ts';
import { type Host, parseHostName } from '../core/host.ts';
import { FIRMWARE_KINDS, parseFirmware } from '../lab/firmware.ts';
import type { LabFirmware } from '../ports/virtual-host.ts';
import { globalOptions, print, printJson, readCount } from './invocation.ts';
import { bootInLab, interruption, untilAborted } from './lab/boot.ts';
import { reachHints } from './lab/hints.ts';
import { stormCommand } from './lab/storm.ts';
import { stormClientsCommand } from './lab/storm-clients.ts';
import { type OpenSite, withState } from './site.ts';
import { timelineText } from './timeline-text.ts';

interface BootOptions {
  readonly host: string;
  readonly firmware: LabFirmware;
  readonly memory?: number;
  readonly limit: number;
  readonly keep?: boolean;
}

/** `bivouac lab boot --firmware bios|uefi|uefi-http|uefi-arm64 --host NAME` and `bivouac lab storm --hosts 1000`. */
export function labCommand(): Command {
  const lab = new Command('lab').description('virtual hosts with real firmware, in a network of their own');
  lab.addCommand(bootCommand());
  lab.addCommand(stormCommand());
  lab.addCommand(stormClientsCommand(), { hidden: true });
  return lab;
}

function bootCommand(): Command {
  return new Command('boot')
    .description('boot one host in a virtual machine and show its timeline; needs root')
    .requiredOption('--host <name>', 'a host of the inventory')
    .option(
      '--firmware <kind>',
      FIRMWARE_KINDS.map(({ firmware }) => firmware).join(' or '),
      readFirmware,
      'uefi',
    )
    .option('--memory <MiB>', 'memory of the virtual machine (default: 512)', readCount)
    .option('--limit <seconds>', 'give up after this time', readCount, 600)
    .option('--keep', 'leave the host running until Ctrl-C')
    .action((options: BootOptions, command: Command) =>
      withState(globalOptions(command), (state, { json }) => bootOne(options, state, json)),
    );
}

async function bootOne(options: BootOptions, state: OpenSite, json: boolean): Promise<void> {
  const { firmware, memory, limit, keep } = options;
  const host = await requireHost(options.host, state);
  const hosts = [{ host, firmware, ...(memory === undefined ? {} : { memoryMiB: memory }) }];
  const signal = interruption();
  const say = json ? () => undefined : print;
  await bootInLab({ name: 'lab', state, hosts, limit, say, signal }, async (lab, timelines) => {
    for (const timeline of timelines) {
      if (json) printJson(timeline);
      else print(`\n${timelineText(timeline)}`);
      if (timeline.outcome !== 'healthy') process.exitCode = 1;
    }
    if (keep !== true) return;
    print(`\nRunning until Ctrl-C.\n${reachHints(lab, hosts, state.site)}`);
    await untilAborted(signal);
  });
}

async function requireHost(name: string, state: OpenSite): Promise<Host> {
  const { byName } = (await state.snapshots.current()).inventory;
  const hostName = parseHostName(name);
  const host = hostName === undefined ? undefined : byName.get(hostName);
  if (host !== undefined) return host;
  throw new AppError('not-found', `Cannot boot host "${name}": there is no such host`, {
    remedy: `Known hosts: ${[...byName.keys()].join(', ')}`,
  });
}

function readFirmware(text: string): LabFirmware {
  const firmware = parseFirmware(text);
  if (firmware === undefined)
    throw new InvalidArgumentError('Wanted "bios", "uefi", "uefi-http" or "uefi-arm64".');
  return firmware;
}
