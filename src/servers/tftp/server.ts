import { networkInterfaces } from 'node:os';
import type { Ipv4 } from '../../core/address.ts';
import { messageOf } from '../../core/errors.ts';
import { QuietLog } from '../quiet-log.ts';
import { BatchEngine } from './batch-engine.ts';
import { TftpCounters, type TftpStats } from './counters.ts';
import { Desk, type DeskOptions } from './desk.ts';
import { DgramEngine } from './dgram-engine.ts';
import type { Engine, EngineName, EngineOptions } from './engine.ts';
import type { PortMode } from './messages.ts';

/** What a TFTP server is made of. */
export interface TftpServerOptions extends Pick<DeskOptions, 'answer' | 'read' | 'served' | 'logger'> {
  /** The server's own addresses: requests are heard and transfers sent on them alone. */
  readonly addresses: readonly [Ipv4, ...Ipv4[]];
  /** UDP port to listen on; default 69, 0 for any. */
  readonly port?: number;
  /** Default `auto`: `batch` where the machine can, else `dgram`. */
  readonly engine?: EngineName | 'auto';
  /** Default `single`. */
  readonly ports?: PortMode;
  /** Octets of data in the largest block for a client; default 1468. */
  readonly largestBlock?: (client: Ipv4) => number;
  /** Most blocks in a window; default 64. */
  readonly window?: number;
  /** Octets of files kept ready to be sent; default 256 MiB. */
  readonly memory?: number;
  /** Transfers at one time; default 4096. */
  readonly maxTransfers?: number;
  /** Whether an interface has an address now; default: as the system says. */
  readonly isHere?: (address: Ipv4) => boolean;
}

/** How soon an address that has come is heard. */
const FOLLOW_MS = 2000;
const DEFAULTS = { port: 69, window: 64, memory: 256 * 1024 * 1024, transfers: 4096, block: 1468 };

/** Sends files to clients that ask for them by TFTP (RFC 1350 and its options). */
export class TftpServer {
  readonly #options: TftpServerOptions;
  readonly #log: QuietLog;
  readonly #desk: Desk;
  readonly #counters = new TftpCounters();
  #engine: Engine | undefined;
  #absent: ReadonlySet<Ipv4> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();
  /** Settles when no engine is being replaced. */
  #replaced: Promise<void> = Promise.resolve();

  constructor(options: TftpServerOptions) {
    this.#options = options;
    this.#log = new QuietLog(options.logger);
    const { largestBlock = () => DEFAULTS.block, window = DEFAULTS.window } = options;
    this.#desk = new Desk({ ...options, largestBlock, window, log: this.#log });
  }

  /**
   * Start listening; resolves to the port. Rejects when a port or none of the addresses can be had; one that is on no interface yet
   * is heard as soon as it is.
   */
  async start(): Promise<number> {
    const { addresses, logger, isHere = isOwn } = this.#options;
    const present = addresses.filter(isHere);
    // Which one it is that cannot be had is told by trying.
    const tried = present.length === 0 ? addresses : present;
    const engine = await this.#startEngine(this.#options.port ?? DEFAULTS.port, tried);
    this.#engine = engine;
    this.#absent = new Set(addresses.filter((address) => !tried.includes(address)));
    if (this.#absent.size > 0) {
      logger.error({ addresses: [...this.#absent] }, 'TFTP is not served at addresses that no interface has');
      this.#timer = setInterval(() => void this.#followAddresses(), FOLLOW_MS).unref();
    }
    return engine.port;
  }

  /** Stop listening and break off the transfers under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#following;
    await this.#replaced;
    const engine = this.#engine;
    this.#engine = undefined;
    await engine?.stop();
  }

  /** What the server has done so far. */
  stats(): TftpStats {
    return this.#counters.read();
  }

  /** Transfers under way. */
  get active(): number {
    return this.stats().active;
  }

  /** The engine that runs; undefined when stopped. */
  get engine(): EngineName | undefined {
    return this.#engine?.name;
  }

  /** Hear the addresses that have come since; never rejects. */
  #followAddresses(): Promise<void> {
    this.#following = this.#following.then(async () => {
      const { isHere = isOwn } = this.#options;
      for (const address of [...this.#absent].filter(isHere)) await this.#hear(address);
      if (this.#absent.size === 0) clearInterval(this.#timer);
    });
    return this.#following;
  }

  async #hear(address: Ipv4): Promise<void> {
    try {
      await this.#replaced;
      await this.#engine?.listen(address);
      this.#absent = new Set([...this.#absent].filter((other) => other !== address));
      this.#options.logger.info({ address }, 'TFTP is served at an address that has come');
    } catch (error) {
      const fields = { address, cause: messageOf(error) };
      this.#log.log({ level: 'error', topic: 'cannot serve TFTP at an address', fields });
    }
  }

  async #startEngine(port: number, addresses: readonly Ipv4[]): Promise<Engine> {
    const { engine: wanted = 'auto', logger } = this.#options;
    const options = this.#engineOptions(port, addresses);
    if (wanted === 'dgram') return this.#startDgram(options, 'as configured');
    const onGivenUp = (reason: string): void => {
      this.#replaced = this.#fallBack(reason);
    };
    const started = await BatchEngine.start({ ...options, onGivenUp });
    if (!started.ok) {
      if (wanted === 'batch') logger.warn({ cause: started.reason }, 'TFTP engine "batch" cannot be had');
      return this.#startDgram(options, started.reason);
    }
    const why = wanted === 'batch' ? 'as configured' : 'the system has all it needs';
    logger.info({ engine: 'batch', why }, 'TFTP engine started');
    return started.engine;
  }

  async #startDgram(options: EngineOptions, why: string): Promise<Engine> {
    const engine = await DgramEngine.start(options);
    this.#options.logger.info({ engine: 'dgram', why }, 'TFTP engine started');
    return engine;
  }

  /** The thread of the batch engine cannot be kept running: serve without it, on the same port. */
  async #fallBack(reason: string): Promise<void> {
    const failed = this.#engine;
    this.#engine = undefined;
    if (failed === undefined) return;
    try {
      await failed.stop();
      const heard = this.#options.addresses.filter((address) => !this.#absent.has(address));
      this.#engine = await this.#startDgram(this.#engineOptions(failed.port, heard), reason);
    } catch (error) {
      const fields = { cause: String(error) };
      this.#log.log({ level: 'error', topic: 'TFTP is not served any more', fields });
    }
  }

  #engineOptions(port: number, addresses: readonly Ipv4[]): EngineOptions {
    const { ports = 'single', logger, maxTransfers, memory } = this.#options;
    return {
      addresses,
      port,
      ports,
      limits: {
        transfers: maxTransfers ?? DEFAULTS.transfers,
        memory: memory ?? DEFAULTS.memory,
      },
      counters: this.#counters,
      desk: this.#desk,
      logger,
      log: this.#log,
    };
  }
}

/** Whether an interface has the address; all of 127.0.0.0/8 are this machine's. */
function isOwn(address: Ipv4): boolean {
  if (address.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((list) => list?.some((own) => own.address === address));
}
