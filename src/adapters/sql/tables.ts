import type { Generated } from 'kysely';
import type { Ipv4, Mac } from '../../core/address.ts';
import type { Cpu } from '../../core/arch.ts';
import type { Digest } from '../../core/artefact.ts';
import type { ChannelAction } from '../../core/channel.ts';
import type { BootId } from '../../core/event.ts';
import type { HostName } from '../../core/host.ts';
import type { ChannelName, ImageName } from '../../core/image.ts';
import type { JobId, JobState } from '../../core/job.ts';
import type { Lease } from '../../core/lease.ts';
import type { ContentId } from '../../ports/build-cache.ts';

/** The tables as the newest migration leaves them. Times are milliseconds since 1970; documents are JSON. */
export interface Tables {
  readonly hosts: HostRow;
  readonly host_macs: { readonly mac: Mac; readonly host: HostName };
  readonly leases: LeaseRow;
  readonly lease_releases: { readonly address: Ipv4 };
  readonly releases: ReleaseRow;
  readonly channels: ChannelRow;
  readonly publications: PublicationRow;
  readonly channel_pins: ChannelPinRow;
  readonly release_pins: { readonly digest: Digest } & PinColumns;
  readonly attestations: AttestationRow;
  readonly jobs: JobRow;
  readonly boots: BootRow;
  readonly events: EventRow;
  readonly tokens: TokenRow;
  readonly release_signatures: SignatureRow;
  /** Each image as it was last built. */
  readonly built_images: { readonly image: ImageName; readonly architecture: Cpu; readonly layers: string };
  readonly host_layers: HostLayerRow;
  readonly host_layers_wanted: { readonly image: ImageName; readonly host: HostName };
  readonly steps: { readonly content_id: ContentId; readonly result: string };
}

/** A registered host. */
export interface HostRow {
  readonly name: HostName;
  readonly address: Ipv4 | null;
  readonly document: string;
}

/** A lease. */
export interface LeaseRow {
  readonly row: number;
  readonly address: Ipv4;
  readonly mac: Mac;
  readonly expires_at: number;
  readonly state: Lease['state'];
}

/** Where a channel points, or pointed, for one architecture. */
export interface ChannelRow {
  readonly image: ImageName;
  readonly channel: ChannelName;
  readonly architecture: Cpu;
  readonly digest: Digest;
  readonly published_at: number;
}

/** A signature of a release, in base64. */
export interface SignatureRow {
  readonly sequence: Generated<number>;
  readonly digest: Digest;
  readonly key_id: string;
  readonly signature: string;
}

/** A release document; `created_at` is 0 where a version that did not keep it made it, and no channel had it. */
export interface ReleaseRow {
  readonly digest: Digest;
  readonly document: string;
  readonly image: ImageName;
  readonly created_at: number;
}

/** A move of a channel, and who moved it. */
export interface PublicationRow extends ChannelRow {
  readonly sequence: Generated<number>;
  readonly action: Generated<ChannelAction>;
  readonly actor: Generated<string>;
  readonly reason: Generated<string>;
}

interface PinColumns {
  readonly pinned_at: number;
  readonly actor: string;
  readonly reason: string;
}

/** A channel that builds may not move. */
export interface ChannelPinRow extends PinColumns {
  readonly image: ImageName;
  readonly channel: ChannelName;
}

/** A statement about a release, kept as an artefact. */
export interface AttestationRow {
  readonly sequence: Generated<number>;
  readonly release: Digest;
  readonly digest: Digest;
  readonly size: number;
  readonly made_at: number;
}

/** A build job; `owner` names the process that runs it. */
export interface JobRow {
  readonly id: JobId;
  readonly image: ImageName;
  /** Null in rows of versions that could only build all. */
  readonly request: string | null;
  readonly state: JobState;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly release: Digest | null;
  readonly published: number | null;
  readonly error: string | null;
  readonly owner: string | null;
  readonly superseded_by: JobId | null;
  /** 1 when it was asked to stop. */
  readonly cancel_requested: number;
}

/** One boot. */
export interface BootRow {
  readonly boot: BootId;
  readonly mac: Mac;
  readonly host: HostName | null;
  /** 1 for a MAC that no host owns, 0 otherwise. */
  readonly is_stranger: number;
  readonly started_at: number;
}

/** One fact of a boot. */
export interface EventRow {
  readonly id: Generated<number>;
  readonly boot: BootId;
  readonly host: HostName | null;
  readonly at: number;
  readonly fact: string;
}

/** A boot token that was given out. */
export interface TokenRow {
  readonly hash: Digest;
  readonly expires_at: number;
  readonly grant_document: string;
}

/** A host's layer above one release; `commits` is a JSON list. */
export interface HostLayerRow {
  readonly host: HostName;
  readonly image: ImageName;
  readonly release: Digest;
  readonly digest: Digest;
  readonly size: number;
  readonly content_id: string;
  readonly commits: string;
  readonly built_at: number;
}
