import { createSocket } from 'node:dgram';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ipv4 } from '../../core/address.ts';
import { AppError } from '../../core/errors.ts';
import type { CommandRunner, RunningCommand } from '../../ports/command.ts';

/** Name of the card that all simulated hosts share, in their namespace. */
export const STORM_CARD = 'net0';

const MOST_WAITS = 12;

/**
 * Addresses of the simulated hosts, each on the card from the moment it is leased: before, it must not answer to ARP, or
 * a server that looks whether an address is free would find it taken. They have the scope of the host itself, so that
 * broadcasts still come from 0.0.0.0.
 */
export class CardAddresses {
  readonly #ip: RunningCommand;
  readonly #taken = new Map<Ipv4, Promise<void>>();

  private constructor(ip: RunningCommand) {
    this.#ip = ip;
  }

  /** Start the program that sets them; it ends with this process. */
  static async open(commands: CommandRunner): Promise<CardAddresses> {
    return new CardAddresses(await commands.start(['ip', '-force', '-batch', '-'], { tethered: true }));
  }

  /** Put an address on the card, unless it is there; resolves when it can be used. */
  claim(address: Ipv4): Promise<void> {
    const known = this.#taken.get(address);
    if (known !== undefined) return known;
    const ready = this.#add(address);
    this.#taken.set(address, ready);
    return ready;
  }

  async #add(address: Ipv4): Promise<void> {
    this.#ip.write(`address add ${address}/32 dev ${STORM_CARD} scope host noprefixroute\n`);
    for (let waits = 0; waits < MOST_WAITS; waits += 1) {
      if (await isOurs(address)) return;
      await delay(2 ** waits);
    }
    throw new AppError('command-failed', `Cannot take address ${address}: ip(8) did not set it`);
  }
}

/** Whether a socket can have the address. */
function isOurs(address: Ipv4): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const end = (result: boolean): void => {
      socket.close();
      resolve(result);
    };
    socket.once('error', () => end(false));
    socket.bind(0, address, () => end(true));
  });
}
