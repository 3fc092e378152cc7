import { existsSync } from 'node:fs';
import { CommandError } from '../core/command-error.ts';
import { AppError } from '../core/errors.ts';
import type { Argv, CommandRunner } from '../ports/command.ts';
import type { LabNetwork, LabNetworks } from '../ports/lab-network.ts';

/** Networks of the lab, made with iproute2; needs root. */
export class NamespaceNetworks implements LabNetworks {
  private readonly commands: CommandRunner;

  constructor(commands: CommandRunner) {
    this.commands = commands;
  }

  async create(network: LabNetwork): Promise<void> {
    await this.removeLeftover(network);
    try {
      for (const argv of namespaceCommands(network)) await this.commands.run(argv);
      await this.switchIpv6Off(network);
      for (const argv of linkCommands(network)) await this.commands.run(argv);
    } catch (error) {
      await this.destroy(network).catch(() => undefined);
      throw error;
    }
  }

  async destroy({ namespace }: LabNetwork): Promise<void> {
    if (!exists(namespace)) return;
    try {
      await this.commands.run(['ip', 'netns', 'delete', namespace]);
    } catch (error) {
      // Another process of ours was quicker.
      if (!(error instanceof CommandError) || exists(namespace)) throw error;
    }
  }

  private async removeLeftover(network: LabNetwork): Promise<void> {
    if (!exists(network.namespace)) return;
    const { stdout } = await this.commands.run(['ip', 'netns', 'pids', network.namespace]);
    const pids = stdout.split(/\s+/).filter((pid) => pid !== '');
    if (pids.length > 0) {
      throw new AppError(
        'busy',
        `Cannot make network "${network.namespace}": in use by process ${pids.slice(0, 10).join(', ')}`,
        { remedy: 'End the demo or lab that it belongs to, or those processes' },
      );
    }
    await this.destroy(network);
  }

  // Hosts and bridge would else send router solicitations and listener reports all the time, and old iPXE waits for
  // an answer to them.
  private async switchIpv6Off({ namespace }: LabNetwork): Promise<void> {
    for (const scope of ['all', 'default']) {
      const setting = `/proc/sys/net/ipv6/conf/${scope}/disable_ipv6`;
      if (!existsSync(setting)) continue;
      await this.commands.run(['ip', 'netns', 'exec', namespace, 'tee', setting], { input: '1\n' });
    }
  }
}

function exists(namespace: string): boolean {
  return existsSync(`/run/netns/${namespace}`);
}

function namespaceCommands({ namespace }: LabNetwork): readonly Argv[] {
  return [
    ['ip', 'netns', 'add', namespace],
    ['ip', '-n', namespace, 'link', 'set', 'lo', 'up'],
  ];
}

// A bridge that learns (forward_delay) or talks (STP) first would swallow the first DISCOVER.
function linkCommands({ namespace, bridge, serverAddress, prefix, taps }: LabNetwork): readonly Argv[] {
  const ip = (...args: string[]): Argv => ['ip', '-n', namespace, ...args];
  return [
    ip('link', 'add', bridge, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0'),
    ip('address', 'add', `${serverAddress}/${prefix}`, 'brd', '+', 'dev', bridge),
    ip('link', 'set', bridge, 'up'),
    ...taps.flatMap((tap) => [
      ip('tuntap', 'add', 'dev', tap, 'mode', 'tap'),
      ip('link', 'set', tap, 'master', bridge, 'up'),
    ]),
  ];
}
