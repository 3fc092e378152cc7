import type { Socket } from 'node:dgram';
import { type Ipv4, ipv4ToNumber } from '../core/address.ts';
import { AppError } from '../core/errors.ts';
import { DhcpBatch, type Sender } from './dhcp-batch.ts';
import { type DhcpListener, type Link, type Links, linkOf } from './dhcp-listeners.ts';
import { adopt, type Bound, listen, type Mouth, mouthOf } from './dhcp-port.ts';
import { openShared } from './libc/device-socket.ts';
import type { Libc } from './libc/libc.ts';
import { bindError, bindUdp, closeUdp } from './udp.ts';

/** How a datagram came. */
export interface Arrival {
  /** Our address that it was sent to, or, for a broadcast, ours on the link. */
  readonly local: Ipv4;
  readonly service: 'dhcp' | 'boot-server';
  readonly from: Sender;
}

/** A storm's first second: some thousand messages, of which the kernel counts about 1300 octets each. */
const WAITING_OCTETS = 8 * 1024 * 1024;

/** What {@link DhcpSockets} is made of. */
export interface DhcpSocketsOptions {
  readonly port: number;
  /** Port of the boot server of PXE. */
  readonly bootServerPort: number;
  /** Undefined: an interface cannot be told from another. */
  readonly libc: Libc | undefined;
  readonly heard: (bytes: Uint8Array, arrival: Arrival) => void;
  readonly failed: (topic: string, error: unknown) => void;
}

/** A socket that is open, or is to be. */
type Wanted =
  /** It hears what is sent to the address, and replies leave from it, so by the right interface. */
  | { readonly kind: 'mouth'; readonly local: Ipv4 }
  | { readonly kind: 'boot-server'; readonly local: Ipv4; readonly isOptional: boolean }
  /** It hears broadcasts of a link, or where those cannot be told apart, of all. */
  | { readonly kind: 'ear'; readonly local: Ipv4; readonly link: Link | undefined };

interface Open {
  readonly socket: Socket;
  readonly mouth: Mouth;
}

/**
 * The sockets of the DHCP server. INVARIANTS: a mouth, and a boot server's, for each own address; an ear for each link
 * that clients broadcast on, bound to the interface, so that the link is known. The kernel gives a unicast datagram to
 * the mouth, for it prefers the socket that is bound to its address, and a broadcast to ears only.
 */
export class DhcpSockets {
  readonly #options: DhcpSocketsOptions;
  readonly #batch: DhcpBatch | undefined;
  readonly #open = new Map<string, Open>();
  #port: number;

  constructor(options: DhcpSocketsOptions) {
    const { libc, failed, port } = options;
    this.#options = options;
    this.#batch =
      libc && new DhcpBatch(libc, (reason) => failed('cannot send a DHCP reply', new Error(reason)));
    this.#port = port;
  }

  /**
   * Open all; gives the port. Rejects when one cannot be had, and none is open then; those of an address that no interface has yet
   * are left to {@link follow}. That the machine has none of the site's addresses is for TFTP to say, which has them all.
   */
  async start(listeners: readonly DhcpListener[], links: Links): Promise<number> {
    try {
      const present = listeners.filter(({ address }) => linkOf(address, links) !== undefined);
      const absent = listeners.filter((listener) => !present.includes(listener));
      const wanted = this.#wanted(present, links);
      for (const { address } of absent)
        this.#options.failed('DHCP is not served at an address that no interface has', new Error(address));
      this.#claimDevices(wanted);
      for (const each of wanted) await this.#openOne(each);
    } catch (error) {
      await this.close();
      throw error;
    }
    return this.#port;
  }

  /** Open and close what it takes to serve these addresses as the links are now; gives what changed, for a log. */
  async follow(listeners: readonly DhcpListener[], links: Links): Promise<readonly string[]> {
    const changes: string[] = [];
    const wanted = new Map(this.#wanted(listeners, links).map((each) => [keyOf(each), each]));
    for (const [key, { socket }] of [...this.#open]) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      changes.push(`closed ${key}`);
      this.#batch?.flush();
      await closeUdp(socket);
    }
    for (const [key, each] of wanted) {
      if (this.#open.has(key)) continue;
      try {
        await this.#openOne(each);
        changes.push(`opened ${key}`);
      } catch (error) {
        this.#options.failed('cannot serve DHCP at an address', error);
      }
    }
    return changes;
  }

  /** What is open, for a log. */
  get names(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** What replies leave by. */
  mouthOf(service: Arrival['service'], local: Ipv4): Mouth | undefined {
    return this.#open.get(service === 'dhcp' ? `mouth ${local}` : `boot-server ${local}`)?.mouth;
  }

  async close(): Promise<void> {
    const sockets = [...this.#open.values()];
    this.#open.clear();
    this.#batch?.flush();
    await Promise.all(sockets.map(({ socket }) => closeUdp(socket)));
  }

  #wanted(listeners: readonly DhcpListener[], links: Links): readonly Wanted[] {
    const wanted = listeners.flatMap(({ address: local, isProxy }): readonly Wanted[] => [
      { kind: 'mouth', local },
      { kind: 'boot-server', local, isOptional: !isProxy },
    ]);
    return [
      ...wanted,
      ...this.#ears(
        listeners.filter(({ isDirect }) => isDirect),
        links,
      ),
    ];
  }

  #ears(direct: readonly DhcpListener[], links: Links): readonly Wanted[] {
    if (this.#options.libc === undefined) {
      const [first, ...others] = direct;
      if (others.length > 0) throw withoutDevices(direct);
      return first === undefined ? [] : [{ kind: 'ear', local: first.address, link: undefined }];
    }
    const ears = new Map<number, Wanted>();
    for (const { address: local } of direct) {
      const link = linkOf(local, links);
      if (link !== undefined && !ears.has(link.index)) ears.set(link.index, { kind: 'ear', local, link });
    }
    return [...ears.values()];
  }

  /** Two servers could share a port without noticing, and each would answer. */
  #claimDevices(wanted: readonly Wanted[]): void {
    const { libc } = this.#options;
    if (libc === undefined || this.#port === 0) return;
    for (const each of wanted) {
      if (each.kind !== 'ear' || each.link === undefined) continue;
      libc.close(this.#openShared(libc, { device: each.link.device, isShared: false }));
    }
  }

  async #openOne(wanted: Wanted): Promise<void> {
    const bound = await this.#bind(wanted);
    if (bound === undefined) return;
    const { kind, local } = wanted;
    const service = kind === 'boot-server' ? 'boot-server' : 'dhcp';
    const { socket } = bound;
    const failed = (error: unknown): void => this.#options.failed('DHCP socket failed', error);
    const heard = (bytes: Uint8Array, from: Sender): void =>
      this.#options.heard(bytes, { local, service, from });
    listen(bound, { batch: this.#batch, heard, failed });
    if (kind === 'mouth') {
      socket.setBroadcast(true);
      this.#port = socket.address().port;
    }
    this.#open.set(keyOf(wanted), { socket, mouth: mouthOf(bound, this.#batch) });
  }

  async #bind(wanted: Wanted): Promise<Bound | undefined> {
    const { libc, bootServerPort, failed } = this.#options;
    switch (wanted.kind) {
      case 'mouth':
        return libc === undefined
          ? { socket: await bindUdp({ address: wanted.local, port: this.#port, isShared: true }) }
          : adopt(this.#openShared(libc, { address: wanted.local, isShared: true }));
      case 'boot-server': {
        const binding = bindUdp({ address: wanted.local, port: bootServerPort }).then((socket) => ({
          socket,
        }));
        if (!wanted.isOptional) return binding;
        return binding.catch((error: unknown) => {
          failed('no boot server on port 4011', error);
          return undefined;
        });
      }
      case 'ear':
        if (libc === undefined || wanted.link === undefined)
          return { socket: await bindUdp({ address: '0.0.0.0', port: this.#port, isShared: true }) };
        return adopt(this.#openShared(libc, { device: wanted.link.device, isShared: true }));
    }
  }

  #openShared(
    libc: Libc,
    { address, ...bound }: { readonly address?: Ipv4; readonly device?: string; readonly isShared: boolean },
  ): number {
    const port = this.#port;
    try {
      const bits = address === undefined ? 0 : ipv4ToNumber(address);
      return openShared(libc, { ...bound, address: bits, port, buffer: WAITING_OCTETS });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw bindError({ address: address ?? `%${bound.device ?? ''}`, port }, error);
    }
  }
}

function keyOf(wanted: Wanted): string {
  switch (wanted.kind) {
    case 'mouth':
    case 'boot-server':
      return `${wanted.kind} ${wanted.local}`;
    case 'ear':
      return `ear ${wanted.local}${wanted.link === undefined ? '' : ` ${wanted.link.device} #${wanted.link.index}`}`;
  }
}

function withoutDevices(direct: readonly DhcpListener[]): AppError {
  const list = direct.map(({ address }) => address).join(', ');
  return new AppError(
    'unsupported',
    `Cannot serve DHCP on several links (${list}): interfaces cannot be told apart here`,
    {
      remedy: 'Use Linux and the npm package koffi, or serve all but one subnet by relay agents',
    },
  );
}
