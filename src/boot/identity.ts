import { createHmac, randomBytes } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { type HostName, isUnknownHostName } from '../core/host.ts';
import { type KeyMaker, SSH_KEY_TYPES, type SshKeyPair, type SshKeyType } from '../ports/key-maker.ts';
import type { SecretStore } from '../ports/secret-store.ts';
import { decodeKeyPair, encodeKeyPair } from './ssh-identity.ts';

/** What makes a host the same host in every boot. */
export interface HostIdentity {
  /** 32 lower-case hexadecimal digits, machine-id(5). */
  readonly machineId: string;
  readonly sshKeys: readonly { readonly type: SshKeyType; readonly pair: SshKeyPair }[];
}

/** What {@link Identities} is made of. */
export interface IdentitiesOptions {
  readonly secrets: SecretStore;
  readonly keyMaker: KeyMaker;
}

const SITE_SECRET = 'site/machine-id.key';
/** Made-up hosts whose keys are kept; a MAC is soon made up, and a key never forgotten. */
const MOST_STRANGERS = 1000;

/**
 * Identities of hosts, made at a host's first boot and kept.
 * INVARIANTS: a key is made only when the store says that there is none, never because it could not be read; of two
 * requests at once both get the same key; keys of one host are made at a time, since an RSA key takes a second of CPU. Hosts that
 * nobody registered fill no disk: beyond a number of them, each boot makes new keys.
 */
export class Identities {
  readonly #options: IdentitiesOptions;
  readonly #underWay = new Map<HostName, Promise<HostIdentity>>();
  #making: Promise<unknown> = Promise.resolve();
  #strangers: Promise<Set<string>> | undefined;

  constructor(options: IdentitiesOptions) {
    this.#options = options;
  }

  /** The identity of a host; rejects when the store cannot be read or written. */
  of(host: HostName): Promise<HostIdentity> {
    const known = this.#underWay.get(host);
    if (known !== undefined) return known;
    const made = this.#load(host).finally(() => this.#underWay.delete(host));
    this.#underWay.set(host, made);
    return made;
  }

  async #load(host: HostName): Promise<HostIdentity> {
    const site = await this.#keep(SITE_SECRET, async () => randomBytes(32));
    const isKept = await this.#isToBeKept(host);
    const pairs = await Promise.all(SSH_KEY_TYPES.map((type) => this.#sshKey(host, type, isKept)));
    return { machineId: machineIdOf(site, host), sshKeys: pairs };
  }

  async #isToBeKept(host: HostName): Promise<boolean> {
    if (!isUnknownHostName(host)) return true;
    this.#strangers ??= this.#options.secrets
      .list('hosts')
      .then((names) => new Set(names.filter(isUnknownHostName)));
    const strangers = await this.#strangers.catch((error: unknown) => {
      this.#strangers = undefined;
      throw error;
    });
    if (strangers.has(host)) return true;
    if (strangers.size >= MOST_STRANGERS) return false;
    strangers.add(host);
    return true;
  }

  async #sshKey(host: HostName, type: SshKeyType, isKept: boolean): Promise<HostIdentity['sshKeys'][number]> {
    const name = `hosts/${host}/ssh_host_${type}_key.json`;
    const make = (): Promise<Uint8Array> => this.#inTurn(() => this.#makeKey(host, type));
    const kept = await (isKept ? this.#keep(name, make) : make());
    return { type, pair: decodeKeyPair(name, kept) };
  }

  async #makeKey(host: HostName, type: SshKeyType): Promise<Uint8Array> {
    return encodeKeyPair(await this.#options.keyMaker.sshHostKey(type, `root@${host}`));
  }

  /** The secret of this name, made if there is none. Where another process makes it at the same time, the first wins. */
  async #keep(name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const { secrets } = this.#options;
    const known = await secrets.read(name);
    if (known !== undefined) return known;
    const made = await make();
    try {
      await secrets.create(name, made);
      return made;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
      const others = await secrets.read(name);
      if (others === undefined) throw error;
      return others;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#making.then(work);
    this.#making = done.catch(() => undefined);
    return done;
  }
}

/**
 * A machine-id that is the same in every boot, differs from site to site, and tells nothing about the secret behind
 * it. It has the form of a version 4 UUID, as machine-id(5) wants.
 */
export function machineIdOf(siteSecret: Uint8Array, host: HostName): string {
  const bytes = createHmac('sha256', siteSecret).update(`machine-id ${host}`).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex');
}
