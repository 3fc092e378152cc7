import type { ServedFile, TftpAnswer, TftpAsk } from '../../boot/answer-tftp.ts';
import type { Ipv4 } from '../../core/address.ts';
import type { Digest } from '../../core/artefact.ts';
import { messageOf } from '../../core/errors.ts';
import { printable } from '../../wire/printable.ts';
import { toNetascii } from '../../wire/tftp/netascii.ts';
import type { DatagramLogger, QuietLog } from '../quiet-log.ts';
import type { FileContent } from './frame-cache.ts';
import type { DeskAnswer, FileWanted, PartWanted, TableEvent, TransferEnd } from './messages.ts';

/** Where the files come from, and who is told of their fate. */
export interface DeskOptions {
  readonly answer: (ask: TftpAsk) => Promise<TftpAnswer>;
  /** Octets of an artefact; rejects when they cannot be read. */
  readonly read: (part: { digest: Digest; position: number; length: number }) => Promise<Uint8Array>;
  /** Told of each transfer that has ended. */
  readonly served: (file: ServedFile) => Promise<void>;
  /** Octets of data in the largest block for a client; its path may carry no more. */
  readonly largestBlock: (client: Ipv4) => number;
  /** Most blocks in a window. */
  readonly window: number;
  readonly logger: DatagramLogger;
  readonly log: QuietLog;
}

/** A file for people, or an NBP asked for in the wrong mode: what is larger is no text. */
const LARGEST_TEXT = 16 * 1024 * 1024;
const TEXTS_KEPT = 2;

/** Answers the transfers in the main thread: finds files, reads them, and logs and records how transfers ended. */
export class Desk {
  readonly #options: DeskOptions;
  /** Contents as mode netascii has them, the oldest first. */
  readonly #texts = new Map<Digest, Promise<Uint8Array>>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Take an event; what has an answer is answered once. Never throws. */
  take(event: TableEvent, reply: (answer: DeskAnswer) => void): void {
    switch (event.kind) {
      case 'find':
        return void this.#find(event).then(reply);
      case 'read':
        return void this.#read(event).then((data) => reply({ kind: 'part', part: event, data }));
      case 'ended':
        return this.#ended(event);
      case 'line':
        return this.#options.logger[event.level](event.fields, event.topic);
    }
  }

  async #find({ ticket, client, file, mode }: FileWanted): Promise<DeskAnswer> {
    try {
      const answer = await this.#options.answer({ client, file });
      if (answer.kind === 'not-found') {
        this.#logMissing(file, client, answer.isProbe);
        return { kind: 'missing', ticket };
      }
      const content = mode === 'octet' ? contentOf(answer) : await this.#textOf(answer);
      const limits = { blockSize: this.#options.largestBlock(client), windowSize: this.#options.window };
      return { kind: 'found', ticket, name: answer.name, content, limits };
    } catch (error) {
      this.#fault('cannot serve a file by TFTP', error);
      return { kind: 'unreadable', ticket };
    }
  }

  async #read({ key, position, length }: PartWanted): Promise<Uint8Array | undefined> {
    const { digest, mode } = parseKey(key);
    try {
      if (mode === 'octet') return await this.#options.read({ digest, position, length });
      const text = await this.#text(digest);
      return text.slice(position, position + length);
    } catch (error) {
      this.#fault('cannot read a file for TFTP', error);
      return undefined;
    }
  }

  async #textOf(answer: Extract<TftpAnswer, { kind: 'bytes' | 'artefact' }>): Promise<FileContent> {
    if (answer.kind === 'bytes') return { kind: 'bytes', bytes: toNetascii(answer.bytes) };
    if (answer.size > LARGEST_TEXT) {
      throw new RangeError(`"${answer.name}" has ${answer.size} bytes, too many for mode netascii`);
    }
    const text = await this.#text(answer.digest, answer.size);
    return { kind: 'shared', key: `${answer.digest} netascii`, size: text.length };
  }

  /** A content as mode netascii has it. Converted as a whole: where a block begins depends on all before it. */
  #text(digest: Digest, size = LARGEST_TEXT): Promise<Uint8Array> {
    const known = this.#texts.get(digest);
    if (known !== undefined) return known;
    const text = this.#options.read({ digest, position: 0, length: size }).then(toNetascii);
    this.#texts.set(digest, text);
    text.catch(() => this.#texts.delete(digest));
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > TEXTS_KEPT && oldest !== undefined) this.#texts.delete(oldest);
    return text;
  }

  #ended({ client, name, outcome, bytes, seconds }: TransferEnd): void {
    const fields = { client, file: printable(name), bytes, seconds };
    if (outcome.kind === 'size-probe') return this.#options.logger.debug(fields, 'TFTP size asked');
    const complete = outcome.kind === 'complete';
    if (complete) this.#options.logger.info(fields, 'TFTP file served');
    else {
      const why = outcome.kind === 'aborted' ? printable(outcome.message) : 'the client has gone silent';
      this.#options.log.log({
        level: 'warn',
        topic: 'TFTP transfer ended early',
        fields: { ...fields, why },
      });
    }
    this.#options
      .served({ client, name, bytes, seconds, complete })
      .catch((error: unknown) => this.#fault('cannot record a TFTP transfer', error));
  }

  #logMissing(file: string, client: Ipv4, isProbe: boolean): void {
    const fields = { client, file: printable(file) };
    if (isProbe) return this.#options.logger.debug(fields, 'TFTP file looked for, not there');
    this.#options.log.log({ level: 'warn', topic: 'TFTP file not found', fields });
  }

  #fault(topic: string, error: unknown): void {
    this.#options.log.log({ level: 'error', topic, fields: { cause: messageOf(error) } });
  }
}

function contentOf(answer: Extract<TftpAnswer, { kind: 'bytes' | 'artefact' }>): FileContent {
  if (answer.kind === 'bytes') return { kind: 'bytes', bytes: answer.bytes };
  return { kind: 'shared', key: `${answer.digest} octet`, size: answer.size };
}

function parseKey(key: string): { readonly digest: Digest; readonly mode: string } {
  const [digest, mode = 'octet'] = key.split(' ');
  return { digest: digest as Digest, mode };
}
