import type { DhcpAnswer } from '../boot/dhcp-turn.ts';
import { ignoreLevel } from '../boot/ignore-reason.ts';
import type { DhcpRequest } from '../boot/request.ts';
import { messageOf } from '../core/errors.ts';
import { messageType } from '../wire/dhcp/options.ts';
import { type DhcpPacket, decodePacket } from '../wire/dhcp/packet.ts';
import type { Sender } from './dhcp-batch.ts';
import type { Arrival } from './dhcp-sockets.ts';
import { type DatagramLogger, QuietLog } from './quiet-log.ts';

/** A reply, what it answers, and how that came. */
export interface Replying {
  readonly request: DhcpPacket;
  readonly reply: DhcpPacket;
  readonly arrival: Arrival;
}

/** What a desk is made of. */
export interface DhcpDeskOptions {
  readonly answer: (request: DhcpRequest) => Promise<DhcpAnswer>;
  readonly send: (replying: Replying) => void;
  readonly logger: DatagramLogger;
}

/** Messages in work at one time; more are dropped, for their clients ask again. */
const MOST_PENDING = 2048;

/** Answers DHCP messages, wherever they come from. INVARIANT: no datagram stops it. */
export class DhcpDesk {
  readonly #options: DhcpDeskOptions;
  readonly #log: QuietLog;
  #pending = 0;

  constructor(options: DhcpDeskOptions) {
    this.#options = options;
    this.#log = new QuietLog(options.logger);
  }

  /** Answer a message; resolves once that is done. Never rejects. */
  async receive(bytes: Uint8Array, arrival: Arrival): Promise<void> {
    const { from, local, service } = arrival;
    if (this.#pending >= MOST_PENDING) {
      this.#junk('too many DHCP messages at once', from);
      return;
    }
    this.#pending++;
    try {
      const decoded = decodePacket(bytes);
      if (!decoded.ok) {
        this.#junk(`malformed DHCP message: ${decoded.reason}`, from);
        return;
      }
      const { packet } = decoded;
      const answer = await this.#options.answer({ packet, source: from.address, local, service });
      this.#act(packet, answer, arrival);
    } catch (error) {
      this.fault('cannot answer a DHCP message', error);
    } finally {
      this.#pending--;
    }
  }

  /** Log what failed. */
  fault(topic: string, error: unknown): void {
    this.#log.log({ level: 'error', topic, fields: { cause: messageOf(error) } });
  }

  #act(request: DhcpPacket, answer: DhcpAnswer, arrival: Arrival): void {
    switch (answer.kind) {
      case 'reply':
        return this.#options.send({ request, reply: answer.reply, arrival });
      case 'ignored':
        return this.#logIgnored(request, answer);
      case 'noted':
        return;
    }
  }

  #logIgnored(request: DhcpPacket, { reason, cause }: DhcpAnswer & { kind: 'ignored' }): void {
    const fields = {
      mac: request.chaddr,
      type: messageType(request.options),
      ...(cause === undefined ? {} : { cause: messageOf(cause) }),
    };
    this.#log.log({ level: ignoreLevel(reason), topic: `DHCP message ignored: ${reason}`, fields });
  }

  #junk(topic: string, from: Sender): void {
    this.#log.log({ level: 'debug', topic, fields: { from: from.address, bytes: from.size } });
  }
}
