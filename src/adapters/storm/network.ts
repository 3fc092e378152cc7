import { readdir } from 'node:fs/promises';
import { AppError } from '../../core/errors.ts';
import type { Argv, CommandRunner } from '../../ports/command.ts';
import type { LabNetwork, LabNetworks } from '../../ports/lab-network.ts';
import { STORM_CARD } from './addresses.ts';

/** The places of a storm: namespaces on one bridge, which is in the server's. */
export interface StormPlaces {
  /** The server's namespace with the bridge. */
  readonly server: LabNetwork;
  /** Namespace of the simulated hosts, behind a link that may lose packets. */
  readonly hosts: string;
  /** Namespace of the probe, behind a perfect link. */
  readonly probe: string;
}

/** How the link of the simulated hosts is spoilt. */
export interface LinkFaults {
  /** Percent of the packets, in each direction. */
  readonly loss: number;
  /** Rate in each direction as tc(8) writes it; undefined: not limited. */
  readonly link?: string;
}

/** The network of a storm, made with iproute2 and nftables; needs root. */
export class StormNetwork {
  readonly #commands: CommandRunner;
  readonly #networks: LabNetworks;

  constructor(commands: CommandRunner, networks: LabNetworks) {
    this.#commands = commands;
    this.#networks = networks;
  }

  /** Make all of it, and remove what storms of processes that are no more have left. */
  async create(places: StormPlaces, faults: LinkFaults): Promise<void> {
    await this.#removeLeftovers();
    await this.#networks.create(places.server);
    try {
      for (const argv of linkCommands(places, 'hosts')) await this.#commands.run(argv);
      for (const argv of linkCommands(places, 'probe')) await this.#commands.run(argv);
      for (const argv of rateCommands(places, faults)) await this.#run(argv, faults);
      for (const [argv, input] of lossCommands(places, faults)) await this.#commands.run(argv, { input });
    } catch (error) {
      await this.destroy(places).catch(() => undefined);
      throw error;
    }
  }

  /** Remove all of it. */
  async destroy({ server, hosts, probe }: StormPlaces): Promise<void> {
    for (const namespace of [hosts, probe]) await this.#remove(namespace);
    await this.#networks.destroy(server);
  }

  async #run(argv: Argv, { link }: LinkFaults): Promise<void> {
    await this.#commands.run(argv).catch((cause: unknown) => {
      throw new AppError('invalid-input', `Cannot limit the link to "${link ?? ''}": tc(8) refuses it`, {
        remedy: 'Write a rate as tc(8) does, such as 1gbit or 200mbit; the kernel needs the queue "tbf"',
        cause,
      });
    });
  }

  async #removeLeftovers(): Promise<void> {
    for (const name of await namespaces()) {
      const pid = /^bivouac-storm-([0-9]+)(?:-hosts|-probe)?$/.exec(name)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) await this.#remove(name);
    }
  }

  async #remove(namespace: string): Promise<void> {
    if (!(await namespaces()).includes(namespace)) return;
    await this.#commands.run(['ip', 'netns', 'delete', namespace]);
  }
}

/** The places of the storm of this process, around a network whose name ends in its process id. */
export function stormPlaces(server: LabNetwork): StormPlaces {
  return { server, hosts: `${server.namespace}-hosts`, probe: `${server.namespace}-probe` };
}

async function namespaces(): Promise<readonly string[]> {
  return await readdir('/run/netns').catch(() => []);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A cable from a port of the bridge to the card of a namespace. Ports are isolated: hosts hear the server only. */
function linkCommands({ server, ...clients }: StormPlaces, which: 'hosts' | 'probe'): readonly Argv[] {
  const client = clients[which];
  const inServer = (...args: string[]): Argv => ['ip', '-n', server.namespace, ...args];
  const inClient = (...args: string[]): Argv => ['ip', '-n', client, ...args];
  const peer = ['type', 'veth', 'peer', 'name', STORM_CARD, 'netns', client];
  return [
    ['ip', 'netns', 'add', client],
    inServer('link', 'add', which, ...peer),
    // No router solicitations, no listener reports.
    inClient('link', 'set', STORM_CARD, 'addrgenmode', 'none'),
    inServer('link', 'set', which, 'addrgenmode', 'none', 'master', server.bridge, 'up'),
    inServer('link', 'set', which, 'type', 'bridge_slave', 'isolated', 'on'),
    inClient('link', 'set', 'lo', 'up'),
    inClient('link', 'set', STORM_CARD, 'up'),
    // The hosts have addresses without a network, and 255.255.255.255 needs a way out as well.
    inClient('route', 'add', 'default', 'dev', STORM_CARD),
  ];
}

/** Both ends of the cable of the simulated hosts. */
function ends({ server, hosts }: StormPlaces): readonly (readonly [namespace: string, device: string])[] {
  return [
    [server.namespace, 'hosts'],
    [hosts, STORM_CARD],
  ];
}

function rateCommands(places: StormPlaces, { link }: LinkFaults): readonly Argv[] {
  if (link === undefined) return [];
  return ends(places).map(([namespace, device]) => {
    const bucket = ['rate', link, 'burst', '256kb', 'limit', '4mb'];
    return ['tc', '-n', namespace, 'qdisc', 'add', 'dev', device, 'root', 'tbf', ...bucket];
  });
}

/**
 * Packets are dropped where they arrive. nftables does it, for not every kernel has `netem`. Without
 * `gso_max_segs` the kernel would hand over forty packets as one, and lose them together.
 */
function lossCommands(places: StormPlaces, { loss }: LinkFaults): readonly (readonly [Argv, string])[] {
  if (loss === 0) return [];
  const { namespace, bridge } = places.server;
  const rules = (device: string): string =>
    [
      'add table netdev storm',
      `add chain netdev storm loss { type filter hook ingress device ${device} priority 0; }`,
      `add rule netdev storm loss numgen random mod 10000 < ${Math.round(loss * 100)} counter drop`,
      '',
    ].join('\n');
  return [
    ...[[namespace, bridge] as const, ...ends(places)].map(([place, device]): readonly [Argv, string] => [
      ['ip', '-n', place, 'link', 'set', device, 'gso_max_segs', '1'],
      '',
    ]),
    ...ends(places).map(([place, device]): readonly [Argv, string] => [
      ['ip', 'netns', 'exec', place, 'nft', '-f', '-'],
      rules(device),
    ]),
  ];
}
