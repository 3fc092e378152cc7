import type { Cpu } from '../../core/arch.ts';
import type { Digest } from '../../core/artefact.ts';
import type { Host, HostName } from '../../core/host.ts';
import type { ImageName, StageDefinition } from '../../core/image.ts';
import type { NamedRelease, NetbootRelease } from '../../core/release.ts';
import type { LineSink } from '../../ports/container-engine.ts';
import type { HostLayerStore } from '../../ports/host-layer-store.ts';
import type { SecretFile } from '../step.ts';

/** The files of which hosts to make. */
export interface ConffsRequest {
  readonly image: ImageName;
  /** Ansible host pattern. */
  readonly hosts: string;
  /** The names that the pattern selects, where that was asked already. */
  readonly names?: readonly string[] | undefined;
  /** The pattern is not the image's own: hosts beyond it need what they needed before. */
  readonly isPart: boolean;
  /** Only hosts whose release is for it; the others have a build of their own. */
  readonly architecture: Cpu;
  /** All stages that count for conffs; those that are no playbooks have done their work in the image. */
  readonly stages: readonly StageDefinition[];
  /** Branch of playbooks that name none. */
  readonly branch: string | undefined;
  readonly fresh: boolean;
  /** Milliseconds that a playbook may make no progress; as for stages unless given. */
  readonly idleLimit?: number | undefined;
  /** What its playbooks see below `/run/secrets`; none unless given. */
  readonly secrets?: readonly SecretFile[];
  readonly log: LineSink;
  readonly signal: AbortSignal;
}

/** What became of one host. `rendered`: its files need no playbook. */
export type HostResult =
  | {
      readonly host: HostName;
      readonly kind: 'built' | 'known' | 'rendered';
      readonly release: Digest;
      /** Bytes of the host layer; for `rendered` those of all its conffs. */
      readonly size: number;
      /** What could not be kept in the layer. */
      readonly dropped: readonly string[];
    }
  | { readonly host: HostName; readonly kind: 'failed'; readonly release?: Digest; readonly reason: string };

/** What a conffs build came to. */
export interface ConffsOutcome {
  readonly hosts: readonly HostResult[];
  readonly seconds: number;
}

/** What conffs builds ask of the boot plane. */
export interface ConffsWorld {
  readonly layers: HostLayerStore;
  /** Bytes that a host's conffs may have. */
  readonly limit: number;
  /**
   * Render a host's conffs with its layer as its next boot would, but with a made-up identity; resolves to their size.
   * Rejects with what is wrong with them.
   */
  rehearse(host: Host, named: NamedRelease<NetbootRelease>, layer: Uint8Array | undefined): Promise<number>;
}

/** A host and the release that its layer is made for. */
export interface HostTarget {
  readonly host: Host;
  readonly named: NamedRelease<NetbootRelease>;
}

/** The branches of the playbooks that files of hosts are made by, and that of the pattern. */
export function conffsBranches(
  stages: readonly StageDefinition[],
  branch: string | undefined,
): readonly { readonly branch: string | undefined }[] {
  const playbooks = stages.flatMap((stage) => (stage.kind === 'playbook' ? [stage] : []));
  return [...playbooks.map((stage) => ({ branch: stage.branch ?? branch })), { branch }];
}

/** Hosts that failed. */
export function failedHosts({ hosts }: ConffsOutcome): readonly (HostResult & { readonly kind: 'failed' })[] {
  return hosts.flatMap((result) => (result.kind === 'failed' ? [result] : []));
}

/** What several builds of an image came to, a row for each host; undefined when there was none. */
export function mergedConffs([first, ...rest]: readonly ConffsOutcome[]): ConffsOutcome | undefined {
  if (first === undefined) return undefined;
  const hosts = [first, ...rest].flatMap((outcome) => outcome.hosts);
  const byHost = new Map<HostName, HostResult>();
  for (const result of hosts) {
    const known = byHost.get(result.host);
    if (known === undefined || rank(result) > rank(known)) byHost.set(result.host, result);
  }
  return {
    hosts: [...byHost.values()].sort((a, b) => (a.host < b.host ? -1 : 1)),
    seconds: rest.reduce((total, { seconds }) => total + seconds, first.seconds),
  };
}

/** What counts of several results of one host: a failure, then what was made, then that there was nothing to make it for. */
function rank({ kind, release }: HostResult): number {
  if (kind === 'failed') return release === undefined ? 0 : 2;
  return 1;
}
