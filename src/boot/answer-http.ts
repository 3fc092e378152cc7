import { type Ipv4, parseMac } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import { messageOf } from '../core/errors.ts';
import type { Host } from '../core/host.ts';
import { subnetFor } from '../core/policy.ts';
import { printable } from '../wire/printable.ts';
import { manifestAnswer, startAnswer } from './answer-turn.ts';
import { artefactName } from './artefact-name.ts';
import { beginBoot } from './begin-boot.ts';
import { ConffsShelf } from './conffs-shelf.ts';
import { EventLimit } from './event-limit.ts';
import { lesseeOf, type Subject, subjectOf } from './facts.ts';
import { freshEnvironment } from './fresh-environment.ts';
import { Gate } from './gate.ts';
import { BootTokens, newToken } from './grant.ts';
import { type ConffsPress, type HostTurn, hostTurn, promiseConffs, redeemConffs } from './host-turn.ts';
import { type Caller, type HttpAnswer, type HttpWorld, refused, type Transfer } from './http-world.ts';
import { Identities } from './identity.ts';
import { readMilestone } from './milestone.ts';
import { resolveHost } from './resolve-host.ts';
import { bootEnvironment, bootScript, refusalScript } from './script.ts';
import { type ScriptGround, ScriptShelf } from './script-shelf.ts';
import { selectRelease } from './select-release.ts';
import type { ManifestSigning } from './sign-manifest.ts';

/** The HTTP side of a boot, in its order: script, boot.env, manifest, conffs, milestones. */
export class BootHttp {
  readonly #world: HttpWorld;
  readonly #tokens: BootTokens;
  readonly #gate: Gate;
  readonly #identities: Identities;
  readonly #shelf = new ConffsShelf();
  readonly #scripts = new ScriptShelf<HttpAnswer>();
  readonly #envs = new ScriptShelf<string>();
  /** As of this turn of the event loop, once it was asked for. */
  #turn: Pick<ScriptGround, 'snapshot' | 'templates'> | undefined;
  readonly #events = new EventLimit();

  constructor(world: HttpWorld) {
    this.#world = world;
    this.#tokens = new BootTokens(world);
    this.#gate = new Gate({ tokens: this.#tokens, facts: world.facts });
    this.#identities = new Identities(world);
  }

  /**
   * The iPXE script for the card with this MAC, to the holder of its lease. A host that has nothing to boot, or whose
   * script cannot be made, gets one that says why and tries again: a host powered on early boots in the end. Who asks again
   * under the same lease within seconds gets the same script.
   */
  async answerScript(macText: string, address: Ipv4 | undefined): Promise<HttpAnswer> {
    const mac = parseMac(macText);
    if (mac === undefined) return refused('malformed', `"${printable(macText, 40)}" is no MAC address`);
    const { snapshots, leases, clock, facts } = this.#world;
    const snapshot = await snapshots.current();
    const host = resolveHost(mac, snapshot.inventory, snapshot.policy);
    if (host === undefined) return refused('unknown-host');
    const subject = subjectOf(mac, host);
    const lease = address === undefined ? undefined : leases.findByAddress(address);
    if (lease === undefined || lesseeOf(lease.address, leases, clock.now()) !== mac) {
      facts.note(subject, { kind: 'ignored', why: `boot script asked for from ${address ?? 'elsewhere'}` });
      return refused('not-your-address');
    }
    const templates = await this.#world.templates();
    this.#rememberInThisTurn({ snapshot, templates });
    return this.#scriptOnGround({ mac, lease, snapshot, templates }, host);
  }

  /**
   * The script that was given under this lease seconds ago, without waiting. Undefined when there is none, or nobody has asked
   * in this turn of the event loop yet: `answerScript` has the answer then.
   */
  repeatScript(macText: string, address: Ipv4 | undefined): HttpAnswer | undefined {
    if (this.#turn === undefined || address === undefined) return undefined;
    const { leases, clock } = this.#world;
    const now = clock.now();
    const mac = parseMac(macText);
    const lease = leases.findByAddress(address);
    if (mac === undefined || lease === undefined || lesseeOf(address, leases, now) !== mac) return undefined;
    const answer = this.#scripts.peek({ mac, lease, ...this.#turn }, now);
    if (answer !== undefined) this.#noteAgain(answer);
    return answer;
  }

  #rememberInThisTurn(turn: Pick<ScriptGround, 'snapshot' | 'templates'>): void {
    if (this.#turn === undefined) {
      setImmediate(() => {
        this.#turn = undefined;
      });
    }
    this.#turn = turn;
  }

  #noteAgain(answer: HttpAnswer): void {
    if (answer.kind === 'text' && answer.fact !== undefined) {
      this.#world.facts.note(answer.subject, answer.fact);
    }
  }

  async #scriptOnGround(ground: ScriptGround, host: Host): Promise<HttpAnswer> {
    const now = this.#world.clock.now();
    const known = this.#scripts.find(ground, now);
    if (known !== undefined) {
      const answer = await known;
      this.#noteAgain(answer);
      return answer;
    }
    const made = this.#makeScript(ground, host);
    this.#scripts.keep(ground, now, made);
    const answer = await made;
    // The reason for a refusal may be gone in a moment.
    if (answer.kind !== 'text' || answer.name !== 'script') this.#scripts.drop(ground, made);
    return answer;
  }

  async #makeScript({ mac, lease, snapshot, templates }: ScriptGround, host: Host): Promise<HttpAnswer> {
    const { policy } = snapshot;
    const { address } = lease;
    const subject = subjectOf(mac, host);
    const base = subnetFor(policy, address).baseUrl;
    const refuse = (reason: string): HttpAnswer => {
      this.#world.facts.note(subject, { kind: 'ignored', why: printable(reason, 500) });
      return {
        kind: 'text',
        name: 'refusal',
        text: refusalScript(templates, { base, mac, reason }),
        subject,
      };
    };
    const choice = selectRelease(host, snapshot, { cpu: this.#world.facts.firmware.cpuOf(mac) });
    if (choice.kind === 'none') return refuse(choice.reason);
    const { named, instead } = choice;
    const token = newToken();
    let text: string;
    try {
      text = bootScript(templates, { host, mac, named, policy, base, token });
    } catch (error) {
      this.#world.onError(error);
      return refuse(messageOf(error));
    }
    const earlier = instead === undefined ? {} : { instead };
    const fact = { kind: 'script', release: named.digest, image: named.release.image, ...earlier } as const;
    const boot = await beginBoot(subject, fact, this.#world);
    const expiresAt = this.#world.clock.now() + policy.tokenLifetime * 1000;
    const grant = { host: host.name, mac, address, release: named.digest, boot, expiresAt };
    await this.#tokens.issue(token, grant);
    return { kind: 'text', name: 'script', text, subject, fact };
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

  /** A `boot.env` for a host that its own disk has started: to the holder of the lease, as the script is. */
  answerFreshEnv(macText: string, address: Ipv4 | undefined): Promise<HttpAnswer> {
    return freshEnvironment(macText, address, { world: this.#world, shelf: this.#envs });
  }

  /** What the host has to fetch: the release it was granted, wherever the channel points by now. */
  answerManifest(caller: Caller, form: 'text' | 'json'): Promise<HttpAnswer> {
    return this.#withHost(caller, async (turn) => {
      const conffs = await promiseConffs(turn, this.#press());
      return manifestAnswer(turn, { form, conffs }, this.#signing(turn));
    });
  }

  /** What a host keeps on its disk to start without the network. */
  answerStart(caller: Caller): Promise<HttpAnswer> {
    return this.#withHost(caller, (turn) => startAnswer(turn, this.#signing(turn)));
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
    const host = resolveHost(mac, inventory, policy);
    this.noteSent(subjectOf(mac, host), artefactName(digest, catalogue, host?.image), transfer);
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

  #signing({ grant }: HostTurn): ManifestSigning {
    const note = (why: string): void => this.#gate.note(grant, { kind: 'ignored', why });
    return { signing: this.#world.signing, note };
  }

  #press(): ConffsPress {
    return {
      layers: this.#world.hostLayers,
      identities: this.#identities,
      shelf: this.#shelf,
      now: this.#world.clock.now(),
    };
  }
}
