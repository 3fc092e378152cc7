import { readFileSync } from 'node:fs';
import { BootHttp } from '../../src/boot/answer-http.ts';
import { Facts } from '../../src/boot/facts.ts';
import type { Caller, HttpAnswer } from '../../src/boot/http-world.ts';
import type { ScriptTemplates } from '../../src/boot/script.ts';
import { type Catalogue, published } from '../../src/core/catalogue.ts';
import type { Release } from '../../src/core/release.ts';
import type { Snapshot } from '../../src/ports/snapshot.ts';
import { aLease, aSnapshot, ip } from '../builders.ts';
import { FakeBootRecorder } from '../fakes/boot-recorder.ts';
import { FakeClock } from '../fakes/clock.ts';
import { FakeHostLayerStore } from '../fakes/host-layers.ts';
import { FakeKeyMaker } from '../fakes/key-maker.ts';
import { FakeLeaseStore } from '../fakes/lease-store.ts';
import { FakeSecretStore } from '../fakes/secret-store.ts';
import { testSigning } from '../fakes/signing.ts';
import { FakeSnapshotSource } from '../fakes/snapshot.ts';
import { FakeTokenStore } from '../fakes/token-store.ts';

/** Where web01 boots from. */
export const ADDRESS = ip('10.77.0.11');

/** The MAC of web01, as iPXE spells it in a URL. */
export const MAC = '52-54-00-77-00-01';

/** The script templates of the project. */
export function projectTemplates(): ScriptTemplates {
  const read = (name: string): string => readFileSync(new URL(`../../boot/${name}`, import.meta.url), 'utf8');
  return {
    script: { name: 'boot/script.ipxe.njk', text: read('script.ipxe.njk') },
    refuse: { name: 'boot/refuse.ipxe.njk', text: read('refuse.ipxe.njk') },
  };
}

/** The HTTP side of a boot over fakes: host web01 at 10.77.0.11 with a lease. */
export class HttpFixture {
  readonly snapshots: FakeSnapshotSource;
  readonly leases = new FakeLeaseStore([aLease()]);
  readonly tokens = new FakeTokenStore();
  readonly secrets = new FakeSecretStore();
  readonly keyMaker = new FakeKeyMaker();
  readonly hostLayers = new FakeHostLayerStore();
  readonly signing = testSigning();
  readonly recorder = new FakeBootRecorder();
  readonly clock = new FakeClock();
  readonly errors: unknown[] = [];
  templates = projectTemplates();
  /** Releases that no channel points to any more stay known. */
  readonly releases = new Map<string, Release>();
  readonly facts: Facts;
  readonly boot: BootHttp;

  constructor(snapshot: Snapshot = aSnapshot()) {
    this.snapshots = new FakeSnapshotSource(snapshot);
    this.remember(snapshot.catalogue);
    const onError = (error: unknown): void => void this.errors.push(error);
    this.facts = new Facts({ recorder: this.recorder, clock: this.clock, onError });
    this.boot = new BootHttp({
      snapshots: this.snapshots,
      leases: this.leases,
      tokens: this.tokens,
      secrets: this.secrets,
      hostLayers: this.hostLayers,
      keyMaker: this.keyMaker,
      signing: this.signing,
      catalogue: { release: (digest) => Promise.resolve(this.releases.get(digest)) },
      recorder: this.recorder,
      facts: this.facts,
      clock: this.clock,
      templates: () => Promise.resolve(this.templates),
      onError,
    });
  }

  /** Make an edit. */
  edit(change: Partial<Snapshot>): void {
    this.snapshots.snapshot = { ...this.snapshots.snapshot, ...change };
    this.remember(this.snapshots.snapshot.catalogue);
  }

  remember(catalogue: Catalogue): void {
    for (const { image, channel } of catalogue.publications) {
      const entry = published(catalogue, { image, channel });
      if (entry !== undefined) this.releases.set(entry.digest, entry.release);
    }
  }
}

/** The text of an answer that is one. */
export function textOf(answer: HttpAnswer): string {
  if (answer.kind !== 'text') throw new Error(`Not a text: ${JSON.stringify(answer)}`);
  return answer.text;
}

/** Ask for web01's boot script, and have the token that it brings. */
export async function booted(fixture: HttpFixture): Promise<Caller & { readonly token: string }> {
  const script = textOf(await fixture.boot.answerScript(MAC, ADDRESS));
  return { address: ADDRESS, token: tokenIn(script) };
}

/** The boot token in a script. */
export function tokenIn(script: string): string {
  const token = /token=([A-Za-z0-9_-]+)/.exec(script)?.[1];
  if (token === undefined) throw new Error(`No token in: ${script}`);
  return token;
}

/** Why an answer is a refusal. */
export function reasonOf(answer: HttpAnswer): string {
  return answer.kind === 'refused' ? answer.reason : `not refused: ${answer.kind}`;
}
