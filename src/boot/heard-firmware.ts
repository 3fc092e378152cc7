import type { Mac } from '../core/address.ts';
import type { Cpu } from '../core/arch.ts';

const MOST_MACS = 20_000;

/** What the firmware of each card said by DHCP when it booted last. Bounded; forgotten when the server restarts. */
export class HeardFirmware {
  #cpus = new Map<Mac, Cpu>();
  #older = new Map<Mac, Cpu>();

  /** The firmware of the card runs on this. */
  note(mac: Mac, cpu: Cpu): void {
    if (this.#cpus.size >= MOST_MACS) {
      this.#older = this.#cpus;
      this.#cpus = new Map();
    }
    this.#cpus.set(mac, cpu);
  }

  /** Undefined when nothing was heard, or nothing that tells the instruction set. */
  cpuOf(mac: Mac): Cpu | undefined {
    const cpu = this.#cpus.get(mac) ?? this.#older.get(mac);
    return cpu === 'other' ? undefined : cpu;
  }
}
