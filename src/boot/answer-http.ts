import { randomBytes } from 'node:crypto';
import { type Ipv4, parseMac } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import { messageOf } from '../core/errors.ts';
import type { BootId } from '../core/event.ts';
import { subnetFor } from '../core/policy.ts';
import type { NamedRelease } from '../core/release.ts';
import { printable } from '../wire/printable.ts';
import { artefactName } from './artefact-name.ts';
import { ConffsShelf } from './conffs-shelf.ts';
import { EventLimit } from './event-limit.ts';
import { lesseeOf, type Subject, subjectOf } from './facts.ts';
import { Gate } from './gate.ts';
import { BootTokens, newToken } from './grant.ts';
import { type ConffsPress, type HostTurn, hostTurn, promiseConffs, redeemConffs } from './host-turn.ts';
import { type Caller, type HttpAnswer, type HttpWorld, refused, type Transfer } from './http-world.ts';
import { Identities } from './identity.ts';
import { manifestJson, manifestOf, manifestText } from './manifest.ts';
import { readMilestone } from './milestone.ts';
import { resolveHost } from './resolve-host.ts';
import { bootEnvironment, bootScript, refusalScript } from './script.ts';
import { selectRelease } from './select-release.ts';

/** The HTTP side of a boot, in its order: script, boot.env, manifest, conffs, milestones. */
export class BootHttp {
  readonly #world: HttpWorld;
  readonly #tokens: BootTokens;
  readonly #gate: Gate;
  readonly #identities: Identities;
  readonly #shelf = new ConffsShelf();
  readonly #events = new EventLimit();

  constructor(world: HttpWorld) {
    this.#world = world;
    this.#tokens = new BootTokens(world);
    this.#gate = new Gate({ tokens: this.#tokens, facts: world.facts });
    this.#identities = new Identities(world);
  }

  /**
   * The iPXE script for the card with this MAC, to the holder of its lease. A host that has nothing to boot, or whose
   * script cannot be made, gets one that says why and tries again: a host powered on early boots in the end.
   */
  async answerScript(macText: string, address: Ipv4 | undefined): Promise<HttpAnswer> {
    const mac = parseMac(macText);
    if (mac === undefined) return refused('malformed', `"${printable(macText, 40)}" is no MAC address`);
    const { snapshots, leases, clock, facts } = this.#world;
    const { inventory, catalogue, policy } = await snapshots.current();
    const host = resolveHost(mac, inventory, policy);
    if (host === undefined) return refused('unknown-host');
    const subject = subjectOf(mac, host);
    if (address === undefined || lesseeOf(address, leases, clock.now()) !== mac) {
      facts.note(subject, { kind: 'ignored', why: `boot script asked for from ${address ?? 'elsewhere'}` });
      return refused('not-your-address');
    }
    const templates = await this.#world.templates();
    const base = subnetFor(policy, address).baseUrl;
    const refuse = (reason: string): HttpAnswer => {
      facts.note(subject, { kind: 'ignored', why: printable(reason, 500) });
      const text = refusalScript(templates, { base, mac, reason });
      return { kind: 'text', name: 'refusal', text, subject };
    };
    const choice = selectRelease(host, catalogue);
    if (choice.kind === 'none') return refuse(choice.reason);
    const { named } = choice;
    const token = newToken();
    let text: string;
    try {
      text = bootScript(templates, { host, mac, named, policy, base, token });
    } catch (error) {
      this.#world.onError(error);
      return refuse(messageOf(error));
    }
    const boot = await this.#beginBoot(subject, named);
    const expiresAt = clock.now() + policy.tokenLifetime * 1000;
    await this.#tokens.issue(token, {
      host: host.name,
      mac,
      address,
      release: named.digest,
      boot,
      expiresAt,
    });
    return { kind: 'text', name: 'script', text, subject };
  }

  /** The file that the boot loader hands to the initramfs. */
  answerEnv(caller: Caller): Promise<HttpAnswer> {
    return this.#gate.admit(caller, async ({ grant, token }) => {
      const { policy } = await this.#world.snapshots.current();
      const { host, boot, release, mac } = grant;
      const base = subnetFor(policy, grant.address).baseUrl;
      const text = bootEnvironment({ base, token, host, boot, release });
      return { kind: 'text', name: 'boot.env', text, subject: { mac, host } };
    });
  }

  /** What the host has to fetch: the release it was granted, wherever the channel points by now. */
  answerManifest(caller: Caller, form: 'text' | 'json'): Promise<HttpAnswer> {
    return this.#withHost(caller, async (turn) => {
      const conffs = await promiseConffs(turn, this.#press());
      const { mac, host, boot, address } = turn.grant;
      const manifest = manifestOf({
        base: subnetFor(turn.snapshot.policy, address).baseUrl,
        host,
        boot,
        named: turn.named,
        conffs: { digest: conffs.digest, size: conffs.bytes.length },
      });
      const text = form === 'json' ? manifestJson(manifest) : manifestText(manifest);
      return { kind: 'text', name: 'manifest', text, json: form === 'json', subject: { mac, host } };
    });
  }

  /** The host's own layer: those bytes whose digest its manifest gave. */
  answerConffs(caller: Caller): Promise<HttpAnswer> {
    return this.#withHost(caller, async (turn) => {
      const conffs = await redeemConffs(turn, this.#press());
      if (conffs === undefined) return refused('conffs-changed');
      return { kind: 'conffs', ...conffs, subject: subjectOf(turn.grant.mac, turn.host) };
    });
  }

  /** Record a step that the host reports; the fields are those of a form. */
  recordMilestone(caller: Caller, fields: URLSearchParams): Promise<HttpAnswer> {
    return this.#gate.admit(caller, async ({ grant, token }) => {
      const reading = readMilestone(fields, token);
      if (!reading.ok) return refused('malformed', reading.reason);
      const { fact } = reading;
      if (fact.release !== undefined && fact.release !== grant.release) {
        this.#gate.note(grant, {
          kind: 'ignored',
          why: `${fact.milestone} reported of a release not of this boot`,
        });
        return refused('malformed', '"release" is not the one of this boot');
      }
      if (!this.#events.admit(grant.tokenHash)) return refused('too-many-events');
      this.#gate.note(grant, fact);
      return { kind: 'noted' };
    });
  }

  /** Put on record that an answer was sent. */
  noteSent(subject: Subject, name: string, transfer: Transfer): void {
    this.#world.facts.note(subject, { kind: 'served', by: 'http', name, ...transfer });
  }

  /** Put on record that an artefact was sent to the host that leases the address; nothing when nobody does. */
  async noteArtefact(address: Ipv4 | undefined, digest: Digest, transfer: Transfer): Promise<void> {
    const { leases, clock, snapshots } = this.#world;
    const mac = address === undefined ? undefined : lesseeOf(address, leases, clock.now());
    if (mac === undefined) return;
    const { inventory, catalogue, policy } = await snapshots.current();
    const subject = subjectOf(mac, resolveHost(mac, inventory, policy));
    this.noteSent(subject, artefactName(digest, catalogue), transfer);
  }

  /** The boot that the script belongs to. A record that cannot be written keeps no host from booting. */
  async #beginBoot(subject: Subject, named: NamedRelease): Promise<BootId> {
    const { facts, recorder, onError } = this.#world;
    const fact = { kind: 'script', release: named.digest, image: named.release.image } as const;
    try {
      await facts.settled();
      return await recorder.record(subject, fact);
    } catch (error) {
      onError(error);
      return unrecordedBoot();
    }
  }

  #withHost(caller: Caller, answer: (turn: HostTurn) => Promise<HttpAnswer>): Promise<HttpAnswer> {
    return this.#gate.admit(caller, async ({ grant }) => {
      const turn = await hostTurn(grant, this.#world);
      if (turn === undefined) return refused('release-gone');
      try {
        return await answer(turn);
      } catch (error) {
        // Only this host's files are at fault, or its keys; it shall show in its record, and others go on.
        this.#gate.note(grant, { kind: 'ignored', why: printable(messageOf(error), 500) });
        throw error;
      }
    });
  }

  #press(): ConffsPress {
    return { identities: this.#identities, shelf: this.#shelf, now: this.#world.clock.now() };
  }
}

function unrecordedBoot(): BootId {
  return `unrecorded-${randomBytes(5).toString('hex')}` as BootId;
}
