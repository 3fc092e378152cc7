import { broadcastAddress, type Ipv4, isUsableIn, type Subnet } from '../core/address.ts';
import { AppError } from '../core/errors.ts';
import type { LabNetwork } from '../ports/lab-network.ts';

/** What a lab's network is made for. */
export interface LabPlan {
  /** Name of the lab, part of the namespace's name. */
  readonly name: string;
  readonly subnet: Subnet;
  readonly serverAddress: Ipv4;
  /** How many virtual hosts can be plugged in. */
  readonly hosts: number;
}

// In a namespace of its own, names need not be unique on the machine.
const BRIDGE = 'lab0';
// More than a machine can emulate, and a bound on what is made in the kernel.
const MOST_HOSTS = 64;

/** The network of a lab; fails with `invalid-input` when its name or its addresses cannot be. */
export function labNetwork({ name, subnet, serverAddress, hosts }: LabPlan): LabNetwork {
  // Becomes a file name below /run/netns.
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name)) {
    throw new AppError(
      'invalid-input',
      `Cannot name a lab "${name}": wanted letters, digits and "-", at most 32`,
    );
  }
  if (!isUsableIn(subnet, serverAddress)) {
    throw new AppError(
      'invalid-input',
      `Cannot make lab "${name}": server address "${serverAddress}" is no host address of ${subnet.network} to ${broadcastAddress(subnet)}`,
    );
  }
  if (!Number.isInteger(hosts) || hosts < 0 || hosts > MOST_HOSTS) {
    throw new AppError(
      'invalid-input',
      `Cannot make lab "${name}" for ${hosts} hosts: wanted 0 to ${MOST_HOSTS}`,
    );
  }
  return {
    namespace: `bivouac-${name}`,
    bridge: BRIDGE,
    serverAddress,
    prefix: subnet.prefix,
    taps: Array.from({ length: hosts }, (_, index) => `tap${index}`),
  };
}

/** The command that a person puts before another to run it in the lab's network. */
export function inNetwork(network: LabNetwork): readonly [string, ...string[]] {
  return ['ip', 'netns', 'exec', network.namespace];
}
