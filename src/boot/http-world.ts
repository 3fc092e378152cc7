import type { Ipv4 } from '../core/address.ts';
import type { Digest } from '../core/artefact.ts';
import type { BootFact } from '../core/event.ts';
import type { CatalogueStore } from '../ports/catalogue-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { BootRecorder } from '../ports/event-log.ts';
import type { HostLayerStore } from '../ports/host-layer-store.ts';
import type { KeyMaker } from '../ports/key-maker.ts';
import type { SecretStore } from '../ports/secret-store.ts';
import type { ReleaseSigning } from '../ports/signer.ts';
import type { SnapshotSource } from '../ports/snapshot.ts';
import type { TokenStore } from '../ports/token-store.ts';
import type { Facts, Subject } from './facts.ts';
import type { LeaseView } from './known-leases.ts';
import type { ScriptTemplates } from './script.ts';

/** What the HTTP side of a boot asks of the world. */
export interface HttpWorld {
  readonly snapshots: SnapshotSource;
  readonly leases: LeaseView;
  readonly tokens: TokenStore;
  readonly secrets: SecretStore;
  readonly hostLayers: Pick<HostLayerStore, 'read'>;
  readonly keyMaker: KeyMaker;
  readonly signing: ReleaseSigning;
  readonly catalogue: Pick<CatalogueStore, 'release'>;
  readonly recorder: BootRecorder;
  /** The same that DHCP and TFTP note their facts with, so that facts stay in order. */
  readonly facts: Facts;
  readonly clock: Clock;
  /** The script templates in force. */
  readonly templates: () => Promise<ScriptTemplates>;
  /** Told what went wrong where an answer was given all the same. */
  readonly onError: (error: unknown) => void;
}

/** Why a request of the boot protocol is refused. */
export type RefusalReason =
  | 'malformed'
  | 'unknown-host'
  | 'not-your-address'
  | 'no-token'
  | 'token-unknown'
  | 'token-expired'
  | 'token-of-other-address'
  | 'release-gone'
  | 'conffs-changed'
  | 'too-many-events';

/** What becomes of a request of the boot protocol. `subject`: whose record the sending belongs to. */
export type HttpAnswer =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly name: string;
      readonly subject: Subject;
      readonly json?: boolean;
      /** Value of the header that proves who made the text. */
      readonly signature?: string;
      /** To be noted each time the same is given again. */
      readonly fact?: BootFact;
    }
  | {
      readonly kind: 'conffs';
      readonly bytes: Uint8Array;
      readonly digest: Digest;
      readonly subject: Subject;
    }
  | { readonly kind: 'noted' }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly detail?: string };

/** Who asks, and with what token. */
export interface Caller {
  /** Undefined when it is no IPv4 address. */
  readonly address: Ipv4 | undefined;
  /** Undefined when none was shown. */
  readonly token: string | undefined;
}

/** How sending something ended. */
export interface Transfer {
  readonly bytes: number;
  readonly seconds: number;
  readonly complete: boolean;
}

/** A refusal. */
export function refused(reason: RefusalReason, detail?: string): HttpAnswer {
  return { kind: 'refused', reason, ...(detail === undefined ? {} : { detail }) };
}
